import type { LoadRun, Progress } from 'loadgen'
import { bytes, count, seconds } from '../format.js'
import { systemShare } from '../rules/memory-rule.js'
import type { TestContext } from '../stage-test.js'
import { Blame } from '../verdict.js'

const mebibyte = 1024 * 1024

/** How often memory is sampled while bytes flow, in milliseconds: several times in each part that the rule compares. */
const sampleEvery = 25

/** A long transfer needs no more samples than a short one: an interval grows to this share of the time that has passed. */
const sampleShare = 1 / 200

/** How often progress is told, in milliseconds. */
const tellEvery = 5_000

/** Takes a sample, judges the size of memory, and returns it (bytes). */
export async function sampleMemory(context: TestContext): Promise<number> {
  const { resources } = context
  await resources.sampleNow()
  const limit = systemShare * resources.systemMemory
  const { now, peak } = resources.memory
  context.measure({ memoryBytes: now, memoryPeakBytes: peak }, { memoryPeakBytes: limit })
  if (now < limit) return now
  const share = ((100 * now) / resources.systemMemory).toFixed(1)
  throw new Blame(
    'limit',
    `used ${mebibytes(now)} of memory, ${share} % of the system's ${mebibytes(resources.systemMemory)}`
  )
}

/** Hands every sample of memory, with where the run stands, to `look` until it has ended. What it returns is told. */
export async function sampleDuring(
  context: TestContext,
  run: LoadRun,
  look: (memory: number, progress: Progress) => string
): Promise<void> {
  let done = false
  const ended = run.report.then(() => {
    done = true
  })
  const startedAt = performance.now()
  let told = startedAt
  while (!done) {
    const elapsed = performance.now() - startedAt
    await Promise.race([ended, context.pause(Math.max(sampleEvery, elapsed * sampleShare))])
    const memory = await sampleMemory(context)
    const line = look(memory, await progressOf(run))
    if (performance.now() - told < tellEvery) continue
    told = performance.now()
    context.log(`${seconds(told - startedAt)}: ${line}`)
  }
}

/** A run that ended by a fault of its own rejects its report, and may never answer. */
function progressOf(run: LoadRun): Promise<Progress> {
  return Promise.race([run.progress(), run.report.then(() => run.progress())])
}

/** For a sentence: `310 MiB`. */
export function mebibytes(value: number): string {
  return Math.abs(value) < mebibyte ? bytes(value) : `${count(value / mebibyte)} MiB`
}

/** For a sentence: `62 KiB`, `48 MiB`. */
export function kibibytes(value: number): string {
  return value < mebibyte ? `${count(value / 1024)} KiB` : mebibytes(value)
}
