import { failureLine } from './report.js'

/** One test as the ledger knows it. */
export interface Entry {
  readonly name: string
  readonly file: number
  outcome: 'waiting' | 'passed' | 'failed' | 'skipped'
  reason?: string
}

const entries: Entry[] = []
let files: readonly string[] = []

/**
 * Names the test files that are about to be loaded, in uvu's order, so that a file
 * which registers no test can be named when the process ends.
 */
export function expectFiles(names: readonly string[]): void {
  files = names
}

/** Records a test. It counts as missing until it is settled. */
export function register(name: string): Entry {
  // uvu's runner numbers the file that it is importing; outside the runner there is only one.
  const file = (globalThis as { UVU_INDEX?: number }).UVU_INDEX ?? 0
  const entry: Entry = { name, file, outcome: 'waiting' }
  entries.push(entry)
  return entry
}

/** Records how a test ended. */
export function settle(entry: Entry, outcome: 'passed' | 'failed' | 'skipped', reason?: string): void {
  entry.outcome = outcome
  if (reason !== undefined) entry.reason = reason
}

/**
 * The process may only end with exit code 0 when every registered test has passed or was
 * skipped, there was at least one, and no file was empty. uvu alone exits 0 in several
 * other cases, so this is decided here, as late as possible.
 */
function closeAccounts(code: number): void {
  const count = (outcome: Entry['outcome']) => entries.filter(entry => entry.outcome === outcome).length
  const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')]
  // uvu was in the middle of a line of dots.
  if (count('waiting') > 0) process.stdout.write('\n')
  for (const entry of entries) {
    if (entry.outcome === 'skipped') process.stdout.write(`skipped: ${entry.name}: ${entry.reason}\n`)
  }

  const problem = findProblem(code, failed)
  if (problem) failureLine(problem)
  if (problem || failed > 0) process.exitCode = code || 1
  process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
}

function findProblem(code: number, failed: number): string | undefined {
  const waiting = entries.filter(entry => entry.outcome === 'waiting')
  const [first] = waiting
  if (first) {
    const others = waiting.length > 1 ? ` and ${waiting.length - 1} more` : ''
    return `${waiting.length} of ${entries.length} registered tests did not run to their end: ${first.name}${others}`
  }
  if (entries.length === 0) return 'no test was registered'
  const empty = files.filter((_, index) => !entries.some(entry => entry.file === index))
  if (empty.length > 0) return `no test was registered in ${empty.join(', ')}`
  if (code !== 0 && failed === 0) return `the process ended with exit code ${code} although no test failed`
  return undefined
}

process.on('exit', closeAccounts)
