import Table from 'cli-table3'
import { plural } from '../format.js'
import { combineVerdicts, type TestResult, type Verdict, wasTried } from '../verdict.js'
import { indent } from './lines.js'
import { formatMeasure, measureLabel } from './measures.js'
import { verdictColours } from './verdict-colours.js'

/** A test as the closing table shows it: without a result when it left none. */
export interface ReportedTest {
  readonly id: string
  readonly result: TestResult | undefined
}

/** What several runs were told one after another: the verdict of one, and what did not pass. */
export function describeRunBriefly(results: readonly TestResult[]): string[] {
  const total = results.reduce((sum, result) => sum + result.seconds, 0)
  const verdict = combineVerdicts(results.map(result => result.verdict))
  const problems = results.filter(result => result.verdict !== 'pass' && wasTried(result))
  return [
    `${verdictColours[verdict](verdict)} in ${total.toFixed(1)} s`,
    ...problems.flatMap(({ id, reason }) => indent(2, `${id}: ${reason}`)),
  ]
}

/** What one test measured beside its limits, and its verdict: lines without a line feed. */
export function describeResult(result: TestResult): string[] {
  const names = Object.keys({ ...result.measured, ...result.limit })
  const width = Math.max(0, ...names.map(name => measureLabel(name).length))
  const figures = names.map(name => {
    const value = result.measured[name]
    const limit = result.limit[name]
    const shown = value === undefined ? '-' : formatMeasure(name, value)
    const beside = limit === undefined ? '' : `limit ${formatMeasure(name, limit)}`
    return `  ${measureLabel(name).padEnd(width)}  ${shown.padEnd(12)}  ${beside}`.trimEnd()
  })
  return [...figures, ...describeVerdict(result), '']
}

/** The table of all tests, what is wrong with those that did not pass, what to do next, and the closing line. */
export function describeRun(tests: readonly ReportedTest[], nextSteps: readonly string[] = []): string[] {
  const table = new Table({
    head: ['test', 'verdict', 'measured', 'limit', 'seconds'],
    style: { head: [], border: [], compact: true },
  })
  for (const { id, result } of tests) {
    if (result) table.push(row(result))
    else table.push([id, verdictColours.unknown('missing'), '', '', ''])
  }
  const problems = tests.flatMap(({ id, result }) => {
    if (!result) return [`${verdictColours.unknown('missing')} ${id}: it left no result in this run`]
    return result.verdict === 'pass' || !wasTried(result) ? [] : describeVerdict(result)
  })
  const notTried = tests.filter(({ result }) => result && !wasTried(result)).map(({ id }) => id)
  if (notTried.length > 0)
    problems.push(...indent(0, `not tried, since the program did not start: ${notTried.join(', ')}`))
  return [table.toString(), ...problems, ...nextSteps, closingLine(tests)]
}

/** Of all tests together; a missing result is a failure, since nobody knows that it would have passed. */
export function verdictOf(tests: readonly ReportedTest[]): Verdict {
  return combineVerdicts(tests.map(({ result }) => result?.verdict ?? 'fail'))
}

function describeVerdict({ id, verdict, reason, usualCause, asks, seconds }: TestResult): string[] {
  const head = `${verdictColours[verdict](verdict)} ${id}`
  if (verdict === 'pass') return [`${head} in ${seconds.toFixed(1)} s`]
  const lines = indent(0, `${head} in ${seconds.toFixed(1)} s: ${reason}`)
  if (usualCause !== undefined) lines.push(...indent(2, `usual cause: ${usualCause}`))
  if (verdict === 'fail') lines.push(...indent(2, `asked for: ${asks.expected}`))
  return lines
}

function row({ id, verdict, measured, limit, seconds }: TestResult): string[] {
  const limited = Object.keys(limit).filter(name => measured[name] !== undefined)
  const rates = Object.keys(measured).filter(name => name.endsWith('PerSecond') && !limited.includes(name))
  const names = [...limited, ...rates]
  return [
    id,
    verdictColours[verdict](verdict),
    names.map(name => `${measureLabel(name)} ${formatMeasure(name, measured[name] ?? 0)}`).join('\n'),
    names.map(name => (limit[name] === undefined ? '' : formatMeasure(name, limit[name]))).join('\n'),
    seconds.toFixed(1),
  ]
}

/** `5 passed, 1 failed`; tests without a verdict are counted apart. */
function closingLine(tests: readonly ReportedTest[]): string {
  const count = (verdict: Verdict) => tests.filter(({ result }) => (result?.verdict ?? 'fail') === verdict).length
  const unknown = count('unknown')
  return `${count('pass')} passed, ${count('fail')} failed${unknown > 0 ? `, ${unknown} unknown` : ''}`
}

/** What is about to be judged: a line or two. */
export function describeSettings(settings: { target: string; seed: number; scale: string }, tests: number): string[] {
  const lines = [...indent(0, `judging ${settings.target}`), `${plural(tests, 'test')}, seed ${settings.seed}`]
  if (settings.scale === 'quick')
    lines.push('quick: sizes and times are scaled down, so this proves less than a full run')
  return lines
}
