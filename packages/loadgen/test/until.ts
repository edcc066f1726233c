import { setTimeout } from 'node:timers/promises'
import type { LoadRun, Progress } from '../src/index.js'

/** Asks for the progress until it satisfies the condition. */
export async function until(run: LoadRun, condition: (progress: Progress) => boolean): Promise<Progress> {
  for (;;) {
    const progress = await run.progress()
    if (condition(progress)) return progress
    await setTimeout(20)
  }
}
