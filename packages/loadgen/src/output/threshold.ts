import { parseCount, parseSize, UsageError } from 'command-line'
import { type Figure, type FigureNeed, type FigureUnit, figureNamed, figureNames } from '../measurement/figures.js'
import type { LoadPlan } from '../plan.js'
import type { Problems } from '../problems.js'
import type { LoadReport } from '../report.js'
import type { Workload } from '../workload.js'

const comparisons = {
  '<': (value: number, limit: number) => value < limit,
  '<=': (value: number, limit: number) => value <= limit,
  '>': (value: number, limit: number) => value > limit,
  '>=': (value: number, limit: number) => value >= limit,
  '==': (value: number, limit: number) => value === limit,
  '!=': (value: number, limit: number) => value !== limit,
} as const

/** What a run has to meet: `p99<5ms`; or what its change from another run has to: `p99<+10%`. */
export interface Threshold {
  /** As it was written. */
  readonly text: string
  readonly figure: Figure
  readonly comparison: keyof typeof comparisons
  /** In the figure's unit; of a change as a share, 0.1 for 10 %. */
  readonly limit: number
  readonly of: 'value' | 'change'
}

/** How a run stands to a threshold. */
export interface ThresholdResult {
  readonly threshold: string
  /** The figure's name. */
  readonly figure: string
  readonly of: 'value' | 'change'
  /** Absent where the run did not measure it, which no threshold accepts. */
  readonly actual?: number
  readonly met: boolean
}

/**
 * Reads one threshold, such as `p99<5ms`, `rps>50k`, `throughput>=1GB/s`, `errors==0`, `p99<+10%`. Throws a UsageError
 * that says what is wrong with it.
 */
export function parseThreshold(text: string): Threshold {
  const [, name, comparison, limit] = text.match(/^\s*([a-z][\w.-]*)\s*(<=|>=|==|!=|<|>)\s*(\S.*?)\s*$/i) ?? []
  if (name === undefined || limit === undefined) {
    throw new UsageError(`'${text}' is not a threshold; expected one such as p99<5ms, rps>50k or errors==0`)
  }
  const figure = figureNamed(name)
  if (figure === undefined) throw new UsageError(`'${name}' is not a figure; expected ${figureNames}`)
  const [, percent] = limit.match(/^([+-]?\d+(?:\.\d+)?)\s*%$/) ?? []
  return {
    ...{ text, figure, comparison: comparison as keyof typeof comparisons },
    limit: percent === undefined ? parseLimit(limit, figure.unit) : Number(percent) / 100,
    of: percent === undefined ? 'value' : 'change',
  }
}

/** Reads a threshold for a single run. Throws a UsageError also for one of a change, which a single run does not have. */
export function parseValueThreshold(text: string): Threshold {
  const threshold = parseThreshold(text)
  if (threshold.of === 'change') {
    throw new UsageError(
      `'${text}' limits a change; expected a value such as ${threshold.figure.name}${threshold.comparison}${exampleOf(threshold.figure.unit)}, or loadgen compare`
    )
  }
  return threshold
}

/** Adds to `problems` the thresholds that no run of this plan can meet, since it does not measure their figures. */
export function checkMeasured(
  thresholds: readonly Threshold[],
  workload: Workload<LoadPlan>,
  plan: LoadPlan,
  problems: Problems
): void {
  const has: Readonly<Record<FigureNeed, readonly [boolean, remedy: string]>> = {
    monitor: [plan.monitor !== undefined && plan.monitor !== 'none', 'without --monitor the server is not watched'],
    messages: [workload.messages !== undefined, `${workload.name} has no messages that are answered`],
    schedule: ['rate' in plan && plan.rate !== undefined, 'without --rate there is no schedule'],
    store: [plan.workload === 'kv', `${workload.name} is not for key-value stores`],
  }
  for (const { text, figure } of thresholds) {
    if (figure.needs === undefined) continue
    const [met, remedy] = has[figure.needs]
    problems.expect(met, `--threshold ${text}: ${remedy}`)
  }
}

/** Judges a run. */
export function judge(report: LoadReport, thresholds: readonly Threshold[]): ThresholdResult[] {
  return thresholds.map(threshold => judgeValue(threshold, threshold.figure.of(report)))
}

/** Judges one value against its threshold; undefined is never accepted. */
export function judgeValue(
  { text, figure, comparison, limit, of }: Threshold,
  actual: number | undefined
): ThresholdResult {
  const met = actual !== undefined && comparisons[comparison](actual, limit)
  return { threshold: text, figure: figure.name, of, ...(actual === undefined ? {} : { actual }), met }
}

function parseLimit(text: string, unit: FigureUnit): number {
  switch (unit) {
    case 'milliseconds':
      return parseLatency(text)
    case 'per second':
      return parseCount(text.replace(/\s*\/s$/, ''))
    case 'bytes per second':
      return parseSize(text.replace(/\s*\/s$/, ''))
    case 'bytes':
      return parseSize(text)
    case 'count':
      return parseCount(text)
    case 'percent':
    case 'percent of a core':
      return parseNumber(text)
  }
}

function exampleOf(unit: FigureUnit): string {
  const examples: Readonly<Record<FigureUnit, string>> = {
    ...{ 'per second': '50k', 'bytes per second': '100m', milliseconds: '5ms', count: '0', bytes: '64m' },
    ...{ percent: '99', 'percent of a core': '80' },
  }
  return examples[unit]
}

const millisecondsPer: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
}

/** Milliseconds and fractions of them, which the durations of other options do not have. */
function parseLatency(text: string): number {
  const [, digits, unit = ''] = text.match(/^(\d+(?:\.\d+)?)\s*([a-zµμ]+)$/) ?? []
  const factor = millisecondsPer[unit]
  if (digits === undefined || factor === undefined) {
    throw new UsageError(`'${text}' is not a latency; expected a number with a unit such as 500us, 2.5ms or 1s`)
  }
  return Number(digits) * factor
}

function parseNumber(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new UsageError(`'${text}' is not a number; expected percent, such as 80`)
  return Number(text)
}
