import { latencyKinds } from '../../measurement/latency-kind.js'
import type { LatencySummary } from '../../measurement/latency-recorder.js'
import type { FailureCounts, FailureKind, Interval } from '../../report.js'

/** More points than any screen has columns only make a page slow. */
const mostPoints = 4_000

/** How many intervals one point of a chart stands for. */
export function intervalsPerPoint(intervals: readonly Interval[]): number {
  return Math.ceil(intervals.length / mostPoints)
}

/** As many intervals as can be drawn: neighbours are added up, and of their latencies the highest are kept. */
export function thinOutIntervals(intervals: readonly Interval[]): readonly Interval[] {
  const size = intervalsPerPoint(intervals)
  if (size <= 1) return intervals
  const thinned: Interval[] = []
  let together = 0
  for (const interval of intervals) {
    const last = thinned.at(-1)
    if (last?.phase === interval.phase && together < size) {
      thinned[thinned.length - 1] = joined(last, interval)
      together++
    } else {
      thinned.push(interval)
      together = 1
    }
  }
  return thinned
}

function joined(one: Interval, other: Interval): Interval {
  return {
    ...{ start: one.start, end: other.end, phase: one.phase, open: other.open },
    sent: one.sent + other.sent,
    verified: one.verified + other.verified,
    messages: one.messages + other.messages,
    established: one.established + other.established,
    ended: one.ended + other.ended,
    failures: sumOf(one.failures, other.failures),
    ...Object.fromEntries(
      latencyKinds.flatMap(kind => {
        const latency = highestOf(one[kind], other[kind])
        return latency === undefined ? [] : [[kind, latency]]
      })
    ),
  }
}

function sumOf(one: FailureCounts, other: FailureCounts): FailureCounts {
  const kinds = [...Object.keys(one), ...Object.keys(other)] as FailureKind[]
  return Object.fromEntries(kinds.map(kind => [kind, (one[kind] ?? 0) + (other[kind] ?? 0)]))
}

function highestOf(one: LatencySummary | undefined, other: LatencySummary | undefined): LatencySummary | undefined {
  if (one === undefined || other === undefined) return one ?? other
  const keys = Object.keys(one) as (keyof LatencySummary)[]
  const highest = Object.fromEntries(keys.map(key => [key, Math.max(one[key], other[key])])) as Record<
    keyof LatencySummary,
    number
  >
  return { ...highest, count: one.count + other.count }
}
