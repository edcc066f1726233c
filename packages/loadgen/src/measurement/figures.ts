import type { Interval, KvReport, LoadReport } from '../report.js'
import { type LatencyKind, latencyKinds, latencyNames, primaryKind } from './latency-kind.js'
import type { LatencyRecorder, LatencySummary } from './latency-recorder.js'
import { recorderOf } from './recorded-latency.js'
import { measuredSamples, serverCost } from './server-cost.js'

export type FigureUnit =
  | 'per second'
  | 'bytes per second'
  | 'milliseconds'
  | 'count'
  | 'percent'
  | 'percent of a core'
  | 'bytes'

/** `--monitor`, messages that are answered, a schedule of them (`--rate`), or a key-value store. */
export type FigureNeed = 'monitor' | 'messages' | 'schedule' | 'store'

/** One number that a report comes to, by the name that thresholds have for it. */
export interface Figure {
  readonly name: string
  readonly unit: FigureUnit
  readonly better: 'higher' | 'lower'
  /** What a run has to have for it, besides connections. */
  readonly needs?: FigureNeed
  /** Undefined where the run did not measure it. */
  of(report: LoadReport): number | undefined
  /** The same of one interval; absent where intervals do not have it. */
  ofInterval?(interval: Interval): number | undefined
  /** What it was from moment to moment of the measured phase, for figures that intervals do not have. */
  moments?(report: LoadReport): number[]
}

const perSecond = (amount: number, milliseconds: number) =>
  milliseconds > 0 ? (amount * 1000) / milliseconds : undefined

function rate(name: string, unit: FigureUnit, amount: (counts: Amounts) => number): Figure {
  return {
    ...{ name, unit, better: 'higher' },
    of({ measured }) {
      const done = amount(measured)
      return done === 0 ? undefined : perSecond(done, measured.elapsed)
    },
    ofInterval: ({ start, end, messages, verified, established }) =>
      perSecond(amount({ messages, verified, connections: established }), end - start),
  }
}

interface Amounts {
  readonly messages: number
  readonly verified: number
  readonly connections: number
}

const plainFigures: readonly Figure[] = [
  { ...rate('rps', 'per second', ({ messages }) => messages), needs: 'messages' },
  rate('throughput', 'bytes per second', ({ verified }) => verified),
  rate('cps', 'per second', ({ connections }) => connections),
  { name: 'errors', unit: 'count', better: 'lower', of: report => sum(Object.values(report.failureCounts)) },
  { name: 'hit-ratio', unit: 'percent', better: 'higher', needs: 'store', of: ({ kv }) => hitRatio(kv) },
  { name: 'late', unit: 'count', better: 'lower', needs: 'schedule', of: ({ lag }) => lag?.late },
  { name: 'unsent', unit: 'count', better: 'lower', needs: 'schedule', of: ({ lag }) => lag?.unsent },
  {
    ...{ name: 'cpu', unit: 'percent of a core', better: 'lower', needs: 'monitor' },
    of: report => serverCost(report)?.cpuPercent,
    moments: report => measuredSamples(report).map(({ cpuPercent }) => cpuPercent),
  },
  {
    ...{ name: 'cpu-per-message', unit: 'milliseconds', better: 'lower', needs: 'monitor' },
    of: report => serverCost(report)?.cpuPerMessage,
  },
  { name: 'memory', unit: 'bytes', better: 'lower', needs: 'monitor', of: report => serverCost(report)?.peakMemory },
]

/** The names of all figures that are not latencies. */
export const plainFigureNames: readonly string[] = plainFigures.map(({ name }) => name)

const latencyStatistics = ['min', 'mean', 'max', 'sd'] as const

/** The figures of a latency that reports and comparisons show, in the order of a table's columns. */
export const shownLatencies = ['mean', 'sd', 'p50', 'p90', 'p99', 'p99.9', 'p99.99', 'max'] as const

/** All names of figures, for messages. */
export const figureNames = `${plainFigureNames.join(', ')}, ${latencyStatistics.join(', ')}, p50, p99, p99.9 or any other percentile (of latencies from the due time, where there is one; of others: send.p99, connect.p99, get.p99, set.p99)`

/** The figure of that name: `rps`, `p99`, `p99.9`, `send.max`, `connect.p50`. Undefined when there is none. */
export function figureNamed(name: string): Figure | undefined {
  const plain = plainFigures.find(figure => figure.name === name)
  if (plain !== undefined) return plain
  const [, prefix, statistic] =
    name.match(/^(?:(due|send|connect|get|set)\.)?(min|mean|max|sd|p\d{1,3}(?:\.\d+)?)$/) ?? []
  if (statistic === undefined) return undefined
  if (statistic.startsWith('p') && !(Number(statistic.slice(1)) <= 100)) return undefined
  return latencyFigure(name, kindNamed(prefix), statistic)
}

function kindNamed(prefix: string | undefined): LatencyKind | undefined {
  return latencyKinds.find(kind => latencyNames[kind] === prefix)
}

const needOf: Partial<Record<LatencyKind, FigureNeed>> = {
  fromDue: 'schedule',
  fromSend: 'messages',
  get: 'store',
  set: 'store',
}

/** A statistic of the latencies of one kind; of the first kind that was recorded unless one is named. */
function latencyFigure(name: string, named: LatencyKind | undefined, statistic: string): Figure {
  const needs = named === undefined ? undefined : needOf[named]
  return {
    ...{ name, unit: 'milliseconds', better: 'lower' },
    ...(needs === undefined ? {} : { needs }),
    of({ latency }) {
      const kind = named ?? primaryKind(latency)
      const encoded = kind === undefined ? undefined : latency[kind]
      if (encoded === undefined) return undefined
      const recorder = recorderOf(encoded)
      return recorder.count === 0 ? undefined : statisticOf(recorder, statistic)
    },
    ofInterval(interval) {
      const kind = named ?? primaryKind(interval)
      const summary = kind === undefined ? undefined : interval[kind]
      return summary === undefined || summary.count === 0 ? undefined : summary[keyOf(statistic)]
    },
  }
}

function statisticOf(recorder: LatencyRecorder, statistic: string): number {
  if (statistic.startsWith('p')) return recorder.valueAtPercentile(Number(statistic.slice(1)))
  return recorder.summary()[keyOf(statistic)]
}

/** A percentile that intervals do not keep has no noise to be judged by; the nearest that they keep is used. */
function keyOf(statistic: string): Exclude<keyof LatencySummary, 'count'> {
  if (statistic === 'sd') return 'standardDeviation'
  if (statistic === 'min' || statistic === 'mean' || statistic === 'max') return statistic
  const percentile = Number(statistic.slice(1))
  if (percentile <= 70) return 'p50'
  if (percentile <= 95) return 'p90'
  if (percentile <= 99.5) return 'p99'
  return percentile <= 99.95 ? 'p999' : 'p9999'
}

/** Percent of all gets. */
function hitRatio(kv: KvReport | undefined): number | undefined {
  const gets = kv === undefined ? 0 : kv.hits + kv.misses
  return kv === undefined || gets === 0 ? undefined : (100 * kv.hits) / gets
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
