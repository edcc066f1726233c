import { type Figure, figureNamed, plainFigureNames, shownLatencies } from '../measurement/figures.js'
import { type LatencyKind, latencyKinds, latencyNames, latencyPrefix } from '../measurement/latency-kind.js'
import { optionName, optionText } from '../output/option-text.js'
import { judgeValue, type Threshold, type ThresholdResult } from '../output/threshold.js'
import type { LoadReport } from '../report.js'
import { intervalValues, type MedianInterval, medianInterval } from './noise.js'

/**
 * Whether a change is one: `better` and `worse` exceed the noise, `noise` does not, `too few intervals` cannot be told,
 * and `single value` is a figure that a run has only once.
 */
export type Judgement = 'better' | 'worse' | 'same' | 'noise' | 'too few intervals' | 'single value'

/** What has latencies of its own beside those of all requests. */
const operations = ['get', 'set'] as const

/** One figure of two runs. */
interface ComparedFigure {
  readonly figure: Figure
  readonly before: number
  readonly after: number
  /** As a share of what it was; infinite where it was 0 and is not any more. */
  readonly change: number
  /** The change that the noise of both runs could make in that direction, as a share; absent where it cannot be told. */
  readonly noise?: number
  readonly judgement: Judgement
}

/** Two runs side by side. */
export interface ReportComparison {
  readonly figures: readonly ComparedFigure[]
  /** The latencies that are compared; undefined where the runs have none in common. */
  readonly latency: LatencyKind | undefined
  /** What was not the same, as `name before → after`. */
  readonly differences: readonly string[]
}

/**
 * Compares every figure that both runs have. A change exceeds the noise when the 95 % intervals of the medians of both
 * runs' intervals do not overlap: intervals that follow each other are alike, which this strictness makes up for.
 */
export function compareReports(before: LoadReport, after: LoadReport): ReportComparison {
  const latency = latencyKinds.find(kind => before.latency[kind] !== undefined && after.latency[kind] !== undefined)
  const names = [
    ...plainFigureNames.slice(0, 3),
    ...(latency === undefined ? [] : shownLatencies),
    ...operations.flatMap(operation => [`${operation}.p50`, `${operation}.p99`]),
    ...plainFigureNames.slice(3),
  ]
  return {
    figures: names.flatMap(name => compareFigure(figureIn(name, latency), before, after) ?? []),
    latency,
    differences: differencesOf(before, after),
  }
}

/** Judges the later of two runs, and its change from the earlier one. */
export function judgeComparison(
  before: LoadReport,
  after: LoadReport,
  thresholds: readonly Threshold[]
): ThresholdResult[] {
  const { latency } = compareReports(before, after)
  return thresholds.map(threshold => {
    if (threshold.of === 'value') return judgeValue(threshold, threshold.figure.of(after))
    return judgeValue(threshold, compareFigure(figureIn(threshold.figure.name, latency), before, after)?.change)
  })
}

/** Where a name leaves it open from when latencies are measured, both runs have to mean the same. */
function figureIn(name: string, latency: LatencyKind | undefined): Figure | undefined {
  const open = !plainFigureNames.includes(name) && !latencyPrefix.test(name)
  if (!open) return figureNamed(name)
  const figure = latency === undefined ? undefined : figureNamed(`${latencyNames[latency]}.${name}`)
  return figure === undefined ? undefined : { ...figure, name }
}

function compareFigure(figure: Figure | undefined, before: LoadReport, after: LoadReport): ComparedFigure | undefined {
  const [was, is] = [figure?.of(before), figure?.of(after)]
  if (figure === undefined || was === undefined || is === undefined) return undefined
  const change = was === is ? 0 : (is - was) / was
  const spans = [before, after].map(report => medianInterval(intervalValues(figure, report)))
  const [spanBefore, spanAfter] = spans
  if (spanBefore === undefined || spanAfter === undefined) {
    const isSingle = figure.ofInterval === undefined && figure.moments === undefined
    const judgement = change === 0 ? 'same' : isSingle ? 'single value' : 'too few intervals'
    return { figure, before: was, after: is, change, judgement }
  }
  const noise = noiseOf(change, spanBefore, spanAfter)
  return {
    ...{ figure, before: was, after: is, change },
    ...(Number.isFinite(noise) ? { noise } : {}),
    judgement: judgementOf(change, spanBefore, spanAfter, figure.better),
  }
}

/** How far apart the medians have to be for their intervals not to overlap. */
function noiseOf(change: number, before: MedianInterval, after: MedianInterval): number {
  const reach =
    change > 0
      ? before.high - before.median + (after.median - after.low)
      : before.median - before.low + (after.high - after.median)
  return reach / before.median
}

function judgementOf(
  change: number,
  before: MedianInterval,
  after: MedianInterval,
  better: Figure['better']
): Judgement {
  if (change === 0) return 'same'
  const rises = after.low > before.high
  const falls = after.high < before.low
  // The runs as a whole and their intervals have to agree on the direction.
  if (!(rises && change > 0) && !(falls && change < 0)) return 'noise'
  return rises === (better === 'higher') ? 'better' : 'worse'
}

function differencesOf(before: LoadReport, after: LoadReport): string[] {
  const pairs = (one: object, other: object, ignored: readonly string[]) => {
    const [was, is] = [one as Record<string, unknown>, other as Record<string, unknown>]
    return [...new Set([...Object.keys(was), ...Object.keys(is)])]
      .filter(name => !ignored.includes(name) && JSON.stringify(was[name]) !== JSON.stringify(is[name]))
      .map(name => `${optionName(name)} ${optionText(name, was[name])} → ${optionText(name, is[name])}`)
  }
  return [
    ...pairs(before.plan, after.plan, ['seed', 'startAt', 'monitor']),
    ...pairs({ 'engine in use': before.engine }, { 'engine in use': after.engine }, []),
    ...pairs(before.environment, after.environment, ['startedAt']),
  ]
}
