import type { Monitor } from '../monitor.js'
import type { Summary } from '../summary.js'
import type { Ending, Target } from '../target.js'
import { toCsv } from './csv.js'
import type { OutputFiles } from './output-files.js'
import { summaryText } from './summary-text.js'

/** Why watching came to its end. */
export type Reason = 'duration' | 'ended' | 'interrupted'

/** What came of watching; without monitor and summary when the command was faster than the first sample. */
export interface Course {
  readonly reason: Reason
  readonly ending: Ending | undefined
  readonly monitor: Monitor | undefined
  readonly summary: Summary | undefined
}

/** Prints the result on stdout, and writes the files that were asked for. */
export function writeResult(target: Target, interval: number, course: Course, files: OutputFiles): void {
  const { reason, ending, monitor, summary } = course
  const left = target.ending && reason === 'ended' ? (monitor?.members() ?? []) : []
  console.log(`${target.description}: ${describeEnd(course, left)}`)
  if (monitor && summary) console.log(summaryText(summary, monitor.samples, monitor.ownCost))
  const { samples = [], ownCost } = monitor ?? {}
  const end = { reason, ...ending, stillRunning: left }
  const document = { target: target.description, interval, end, summary, ownCost, samples }
  files.json?.(`${JSON.stringify(document, undefined, 2)}\n`)
  files.csv?.(toCsv(samples))
}

function describeEnd({ reason, ending }: Course, left: readonly number[]): string {
  if (reason === 'interrupted') return 'interrupted'
  if (reason === 'duration') return 'still running'
  if (ending === undefined) return 'ended'
  const how = ending.signal ? `ended by ${ending.signal}` : `ended with exit code ${ending.exitCode}`
  const used = `having used ${ending.cpuSeconds.toFixed(2)} s of CPU time in all`
  return `${how}, ${used}${left.length > 0 ? `; what it started still runs: pid ${left.join(', ')}` : ''}`
}
