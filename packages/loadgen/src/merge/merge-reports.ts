import type { LoadReport, Verdict } from '../report.js'
import { bottleneckOf, longEnough } from '../run/generator-cost.js'
import {
  addConnections,
  addCosts,
  addFailures,
  addIntervals,
  addKv,
  addLag,
  addLatencies,
  addMeasured,
  addMessages,
  addStalls,
  addTargets,
  addTraffic,
} from './add-parts.js'
import { checkShares, type Share } from './check-shares.js'

/** One report of all shares of a plan. */
export interface MergedReport extends LoadReport {
  /** How many shares it was made from. */
  readonly shares: number
}

/** The worst one counts for the whole. */
const verdicts: readonly Verdict[] = ['wrong bytes', 'connection failed', 'stopped', 'ok']

/** Failures that are kept one by one, as in a single report. */
const keptFailures = 100

/**
 * Adds up the shares of one plan: counters and histograms exactly, times on the clock of the share that started first.
 * Throws a Failure with exit code 5 unless the shares are the whole plan, each of them once, finished, and measured at
 * the same time; and a UsageError for reports of different plans.
 */
export function mergeReports(shares: readonly Share[]): MergedReport {
  checkShares(shares)
  const reports = onOneClock(shares.map(({ report }) => report))
  const [first] = reports as [LoadReport]
  const lag = addLag(reports.flatMap(report => report.lag ?? []))
  const failures = reports.flatMap(report => report.failures).toSorted((left, right) => left.at - right.at)
  const all = <Part>(part: (report: LoadReport) => Part | undefined) => reports.flatMap(report => part(report) ?? [])
  const optional = <Name extends string, Value>(name: Name, value: Value | undefined) =>
    (value === undefined ? {} : { [name]: value }) as { [Key in Name]?: Value }
  return {
    ...addTraffic(reports),
    shares: shares.length,
    verdict: verdicts.find(verdict => reports.some(report => report.verdict === verdict)) ?? 'ok',
    plan: { ...first.plan, segment: { index: 1, count: 1 } },
    engine: first.engine,
    elapsed: Math.max(...reports.map(({ elapsed }) => elapsed)),
    connections: addConnections(reports.map(({ connections }) => connections)),
    targets: addTargets(reports.flatMap(({ targets }) => targets)),
    stalls: addStalls(reports),
    ...optional('messages', addMessages(all(({ messages }) => messages))),
    failures: failures.slice(0, keptFailures),
    failureCounts: addFailures(reports.map(({ failureCounts }) => failureCounts)),
    latency: addLatencies(reports.map(({ latency }) => latency)),
    intervals: addIntervals(reports.map(({ intervals }) => intervals)),
    measured: addMeasured(reports.map(({ measured }) => measured)),
    ...optional('kv', addKv(all(({ kv }) => kv))),
    ...optional('lag', lag),
    generator: addCosts(
      reports.map(({ generator }) => generator),
      bottleneckOf(
        reports.flatMap(({ generator, measured }) => (measured.elapsed < longEnough ? [] : generator.threads)),
        first.plan,
        lag
      )
    ),
    // Shares that watch a server watch the same one.
    ...optional('server', reports.find(({ server }) => server !== undefined)?.server),
    environment: first.environment,
  }
}

/** Shifts all times to those of the share that started first. */
function onOneClock(reports: readonly LoadReport[]): LoadReport[] {
  const starts = reports.map(({ environment }) => Date.parse(environment.startedAt))
  const earliest = Math.min(...starts)
  return reports
    .map((report, index): LoadReport => {
      const offset = (starts[index] as number) - earliest
      const { measured, intervals, failures, server } = report
      return {
        ...report,
        elapsed: report.elapsed + offset,
        measured: measured.elapsed === 0 ? measured : { ...measured, start: measured.start + offset },
        intervals: intervals.map(each => ({ ...each, start: each.start + offset, end: each.end + offset })),
        failures: failures.map(failure => ({ ...failure, at: failure.at + offset })),
        ...(server === undefined
          ? {}
          : { server: { ...server, samples: server.samples.map(each => ({ ...each, at: each.at + offset })) } }),
      }
    })
    .toSorted((left, right) => left.environment.startedAt.localeCompare(right.environment.startedAt))
}
