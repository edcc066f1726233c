import { writeSync } from 'node:fs'

/** Writes one line about the run itself, not about a single test, to stderr at once. */
export function failureLine(text: string): void {
  try {
    writeSync(2, `suite: ${text}\n`)
  } catch {
    // stderr is closed or full: the exit code still tells.
  }
}
