import { exitCode, Failure, UsageError } from 'command-line'
import { optionName, optionText } from '../output/option-text.js'
import type { LoadReport } from '../report.js'

/** The report of one share, and the file that it came from. */
export interface Share {
  readonly name: string
  readonly report: LoadReport
}

/** What may differ between the shares of one plan: which one it is, and what suits the machine that it ran on. */
const ownOptions = new Set(['segment', 'threads', 'engine', 'sourceAddresses', 'monitor'])

/**
 * Throws a UsageError for reports of different plans, and a Failure with exit code 5 (no result) unless they are all
 * shares of their plan, each one once, finished, and measured at the same time: less than the whole must not look like
 * a slower whole.
 */
export function checkShares(shares: readonly Share[]): void {
  checkSamePlan(shares)
  checkWhole(shares)
  for (const { name, report } of shares) {
    if (report.verdict === 'stopped') throw noResult(`${name} was stopped before its end`)
  }
  checkSameTime(shares)
}

function checkSamePlan(shares: readonly Share[]): void {
  const [first, ...others] = shares as [Share, ...Share[]]
  const wanted = first.report.plan as unknown as Record<string, unknown>
  for (const { name, report } of others) {
    const plan = report.plan as unknown as Record<string, unknown>
    const differing = [...new Set([...Object.keys(wanted), ...Object.keys(plan)])].find(
      option => !ownOptions.has(option) && JSON.stringify(wanted[option]) !== JSON.stringify(plan[option])
    )
    if (differing !== undefined) {
      const [was, is] = [wanted, plan].map(options => optionText(differing, options[differing]))
      throw new UsageError(
        `${name} is not of the same plan as ${first.name}: ${optionName(differing)} is ${is}, not ${was}; expected shares of one plan`
      )
    }
    if (report.plan.segment.count !== first.report.plan.segment.count) {
      const counts = `${report.plan.segment.count}, not into ${first.report.plan.segment.count}`
      throw new UsageError(`${name} is of a plan that was divided into ${counts}; expected shares of one plan`)
    }
  }
}

function checkWhole(shares: readonly Share[]): void {
  const { count } = (shares[0] as Share).report.plan.segment
  for (let index = 1; index <= count; index++) {
    const same = shares.filter(({ report }) => report.plan.segment.index === index)
    if (same.length === 0) throw noResult(`share ${index} of ${count} is missing`)
    if (same.length > 1) {
      throw noResult(`share ${index} of ${count} is there more than once: ${same.map(({ name }) => name).join(', ')}`)
    }
  }
}

function checkSameTime(shares: readonly Share[]): void {
  const spans = shares
    .filter(({ report }) => report.measured.elapsed > 0)
    .map(({ name, report: { environment, measured } }) => {
      const start = Date.parse(environment.startedAt) + measured.start
      return { name, start, end: start + measured.elapsed }
    })
  const latest = spans.toSorted((left, right) => right.start - left.start)[0]
  const earliest = spans.toSorted((left, right) => left.end - right.end)[0]
  if (latest !== undefined && earliest !== undefined && latest.start >= earliest.end) {
    throw noResult(`${latest.name} was measured only after ${earliest.name}; shares have to run together (--start-at)`)
  }
}

function noResult(why: string): Failure {
  return new Failure(`no result: ${why}`, exitCode.unknown)
}
