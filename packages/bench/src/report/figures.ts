import { median } from 'simple-statistics'
import type { Metric } from '../case.js'
import { cpuPercent, type Measurement } from '../measurement.js'
import type { BenchReport, CaseReport, ContenderReport } from '../report.js'
import { type Comparison, type ComparisonKind, compareRounds, type Summary, summarise } from '../statistics.js'

/** What a table or a chart shows of one contender in one case. */
export interface Figures {
  readonly name: string
  readonly title: string
  readonly summary: Summary
  readonly comparison: Comparison | undefined
  readonly isReference: boolean
  /** Medians by the name of the metric. */
  readonly also: Readonly<Record<string, number>>
  /** Seconds of CPU time of the contender for what the case counts; undefined where it counts nothing. */
  readonly cpu: number | undefined
  /** Percent of one core. */
  readonly ownCpu: number
  readonly otherCpu: number
  readonly limit: Limit
  /** Bytes, the most of all rounds. */
  readonly peakMemory: number
  /** See `Measurement`; the median of all rounds. */
  readonly lateness: number
}

/** What could do no more: the contender, the other side, all cores together; or nothing, when both sides waited. */
type Limit = 'itself' | 'other side' | 'all cores' | 'waiting'

/** Where something was measured. */
export type Setting = Pick<BenchReport, 'loadThreads' | 'environment'>

/** Share of its time that a thread, or a machine, is busy when it has none left. */
const saturated = 0.93

const gibibyte = 1024 ** 3
const million = 1e6

/** Memory is compared by difference: how many times almost nothing it is says little. */
export function comparisonOf({ unit }: Metric): ComparisonKind {
  return unit === 'bytes' ? 'difference' : 'ratio'
}

/** The figures of all contenders that finished at least one round, best first. */
export function figuresOf(report: CaseReport, setting: Setting): Figures[] {
  const reference = report.contenders.find(({ name }) => name === report.reference)
  return report.contenders
    .flatMap(contender => figures(report, contender, reference, setting) ?? [])
    .toSorted((left, right) => {
      const order = left.summary.median - right.summary.median
      return report.metric.better === 'lower' ? order : -order
    })
}

function figures(
  report: CaseReport,
  contender: ContenderReport,
  reference: ContenderReport | undefined,
  setting: Setting
): Figures | undefined {
  const measured = contender.rounds.filter(round => round !== null)
  if (measured.length === 0) return undefined
  const { metric, also } = report
  const isReference = contender === reference
  const middle = (figure: (measurement: Measurement) => number) => median(measured.map(figure))
  const values = (rounds: readonly (Measurement | null)[]) => rounds.map(round => round?.values[metric.name])
  const [ownCpu, otherCpu] = [middle(each => cpuPercent(each, 'own')), middle(each => cpuPercent(each, 'other'))]
  return {
    ...{ name: contender.name, title: contender.title, isReference, ownCpu, otherCpu },
    summary: summarise(measured.map(({ values }) => valueFor(values, metric))),
    comparison:
      reference && !isReference
        ? compareRounds(values(contender.rounds), values(reference.rounds), comparisonOf(metric))
        : undefined,
    also: Object.fromEntries(also.map(each => [each.name, middle(({ values }) => valueFor(values, each))])),
    cpu: cpuCost(report.cpuFor, middle),
    limit: limitOf(
      {
        own: ownCpu / 100,
        other: otherCpu / 100,
        away: middle(({ disturbance: { others, stolen } }) => others + stolen),
      },
      report.role === 'load' ? 1 : setting.loadThreads,
      setting.environment.cores
    ),
    peakMemory: Math.max(...measured.map(({ own }) => own.peakMemory ?? 0)),
    lateness: middle(({ lateness }) => lateness),
  }
}

function valueFor(values: Measurement['values'], metric: Metric): number {
  const value = values[metric.name]
  if (value === undefined) throw new Error(`a measurement has no ${metric.name}`)
  return value
}

function cpuCost(
  cpuFor: CaseReport['cpuFor'],
  middle: (figure: (measurement: Measurement) => number) => number
): number | undefined {
  if (cpuFor === 'nothing') return undefined
  return middle(({ own, messages, bytes }) =>
    cpuFor === 'GiB' ? (own.cpuSeconds / bytes) * gibibyte : (own.cpuSeconds / messages) * million
  )
}

/** `own` and `other` in cores, `away` as a share of all cores. */
function limitOf(used: { own: number; other: number; away: number }, otherThreads: number, cores: number): Limit {
  if ((used.own + used.other) / cores + used.away >= saturated) return 'all cores'
  if (used.other >= saturated * otherThreads) return 'other side'
  return used.own >= saturated ? 'itself' : 'waiting'
}
