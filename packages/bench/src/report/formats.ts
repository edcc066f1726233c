import { formatCount, formatRate, formatSize } from 'command-line'
import type { Metric } from '../case.js'
import { fewestRounds, type Summary } from '../statistics.js'
import type { Figures } from './figures.js'

/** A value of a metric, for people. */
export function formatValue(value: number, { unit }: Metric): string {
  switch (unit) {
    case 'per second':
      return formatCount(Math.round(value))
    case 'bytes per second':
      return formatRate(value)
    case 'bytes':
      return formatSize(Math.round(value))
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

/** A ratio or a difference, or why it is not shown. */
export function formatComparison({ comparison, isReference }: Figures, metric: Metric): string {
  if (isReference) return 'reference'
  if (comparison === undefined) return ''
  const { kind, interval, carried, median } = comparison
  if (carried === 'too few rounds') return `needs ${fewestRounds} rounds`
  if (carried === 'noise' || interval === undefined) return 'within noise'
  const text = (value: number) => (kind === 'ratio' ? value.toFixed(2) : formatValue(value, metric))
  const sign = kind === 'difference' && median > 0 ? '+' : ''
  return `${sign}${text(median)} (${text(interval.low)} to ${text(interval.high)})`
}
