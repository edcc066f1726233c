import { formatCount, formatRate, formatSize } from 'command-line'
import { median } from 'simple-statistics'
import type { Metric } from '../case.js'
import { cpuPercent, type Measurement } from '../measurement.js'
import type { BenchReport, CaseReport, ContenderReport } from '../report.js'
import { compareRounds, fewestRounds, type Ratio, type Summary, summarise } from '../statistics.js'

/** What a table or a chart shows of one contender in one case. */
export interface Figures {
  readonly name: string
  readonly title: string
  readonly summary: Summary
  readonly ratio: Ratio | undefined
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
  readonly remarks: readonly string[]
}

/** What could do no more: the contender, the other side, all cores together; or nothing, when both sides waited. */
type Limit = 'itself' | 'other side' | 'all cores' | 'waiting'

/** Where something was measured. */
export type Setting = Pick<BenchReport, 'loadThreads' | 'environment'>

/** Share of its time that a thread, or a machine, is busy when it has none left. */
const saturated = 0.93

const gibibyte = 1024 ** 3
const million = 1e6

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
    ratio: reference && !isReference ? compareRounds(values(contender.rounds), values(reference.rounds)) : undefined,
    also: Object.fromEntries(also.map(each => [each.name, middle(({ values }) => valueFor(values, each))])),
    cpu: cpuCost(report.cpuFor, middle),
    limit: limitOf(
      {
        own: ownCpu / 100,
        other: otherCpu / 100,
        away: middle(({ disturbance: { others, stolen } }) => others + stolen),
      },
      report.role === 'server' ? setting.loadThreads : 1,
      setting.environment.cores
    ),
    peakMemory: Math.max(...measured.map(({ own }) => own.peakMemory ?? 0)),
    remarks: [...new Set(measured.flatMap(({ remarks }) => remarks))],
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

/** A value of a metric, for people. */
export function formatValue(value: number, { unit }: Metric): string {
  switch (unit) {
    case 'per second':
      return formatCount(Math.round(value))
    case 'bytes per second':
      return formatRate(value)
    case 'bytes':
      return value < 0 ? `-${formatSize(-Math.round(value))}` : formatSize(Math.round(value))
    case 'percent of a core':
      return `${value.toFixed(1)} %`
    case 'milliseconds':
      return `${new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 }).format(value)} ms`
  }
}

/** How far the rounds lie below and above the median. */
export function formatSpread({ minimum, median, maximum }: Summary): string {
  const percent = (value: number) => `${Math.abs((value / median - 1) * 100).toFixed(0)} %`
  return minimum === maximum ? 'none' : `-${percent(minimum)} +${percent(maximum)}`
}

/** A ratio, or why it is not shown. */
export function formatRatio({ ratio, isReference }: Pick<Figures, 'ratio' | 'isReference'>): string {
  if (isReference) return 'reference'
  if (ratio === undefined) return ''
  if (ratio.carried === 'too few rounds') return `needs ${fewestRounds} rounds`
  if (ratio.carried === 'noise' || ratio.interval === undefined) return 'within noise'
  return `${ratio.median.toFixed(2)} (${ratio.interval.low.toFixed(2)} to ${ratio.interval.high.toFixed(2)})`
}

/** A cell for each column, each column's name first. */
export interface Grid {
  readonly head: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/** Text, and whether it is good news where it is news. */
export type Cell = string | { readonly text: string; readonly tone: 'better' | 'worse' }

/** What a cell says. */
export function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text
}

/** `formatRatio`, with its tone where the rounds carry a difference. */
export function ratioCell(figures: Figures, { better }: Metric): Cell {
  const { interval, carried } = figures.ratio ?? {}
  const text = formatRatio(figures)
  if (carried !== 'yes' || interval === undefined || (interval.low <= 1 && interval.high >= 1)) return text
  return { text, tone: interval.low > 1 === (better === 'higher') ? 'better' : 'worse' }
}

/** The table of a case, as text in cells. */
export function gridOf(report: CaseReport, setting: Setting): Grid {
  const { metric, also, cpuFor, role } = report
  const other = role === 'server' ? 'load' : 'server'
  const columns: [head: string, cell: (figures: Figures) => Cell][] = [
    [role === 'server' ? 'server' : 'generator', ({ name }) => name],
    [metric.unit === 'per second' ? `${metric.name}/s` : metric.name, each => formatValue(each.summary.median, metric)],
    ['spread', ({ summary }) => formatSpread(summary)],
    [`ratio to ${report.reference}`, each => ratioCell(each, metric)],
    ...also.map((each): [string, (figures: Figures) => Cell] => [
      each.name,
      figures => formatValue(figures.also[each.name] ?? Number.NaN, each),
    ]),
    ...(cpuFor === 'nothing'
      ? []
      : ([
          [cpuFor === 'GiB' ? 'CPU s/GiB' : 'CPU s/million', ({ cpu }) => (cpu ?? Number.NaN).toFixed(2)],
          [`CPU, ${other}'s CPU`, each => `${each.ownCpu.toFixed(0)} %, ${each.otherCpu.toFixed(0)} %`],
          ['limited by', ({ limit }) => (limit === 'other side' ? `the ${other}` : limit)],
        ] as [string, (figures: Figures) => Cell][])),
    ['peak memory', ({ peakMemory }) => formatSize(peakMemory)],
  ]
  return {
    head: columns.map(([head]) => head),
    rows: figuresOf(report, setting).map(figures => columns.map(([, cell]) => cell(figures))),
  }
}

/** What belongs under the table of a case: who is missing and why, and what to know of the figures. */
export function notesOf(report: CaseReport, setting: Setting): string[] {
  const figures = figuresOf(report, setting)
  const held = figures.filter(({ limit }) => limit === 'other side').map(({ name }) => name)
  const other = report.role === 'server' ? 'load client' : 'server'
  return [
    ...(report.cpuFor === 'nothing' || held.length === 0
      ? []
      : [`The ${other} was the limit, so these could do more than is shown: ${held.join(', ')}.`]),
    ...report.contenders.flatMap(({ name, failures }) => failures.map(failure => `${name} failed: ${failure}.`)),
    ...report.skipped.map(({ contender, reason }) => `${contender} skipped: ${reason}.`),
    ...figures.flatMap(({ name, remarks }) => remarks.slice(0, 1).map(remark => `${name}: ${remark}.`)),
  ]
}
