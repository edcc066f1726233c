import { formatCount, formatRate, formatSize } from 'command-line'
import type { FigureUnit } from '../measurement/figures.js'
import type { LatencySummary } from '../measurement/latency-recorder.js'

const withDigits = (digits: number) => new Intl.NumberFormat('en-US', { maximumSignificantDigits: digits })
const threeDigits = withDigits(3)
const fiveDigits = withDigits(5)

/** Milliseconds with three digits, in the unit that suits them: `12.3 µs`, `4.56 ms`, `1.2 s`. */
export function formatLatency(milliseconds: number): string {
  return formatTime(milliseconds, threeDigits)
}

function formatTime(milliseconds: number, digits: Intl.NumberFormat): string {
  if (milliseconds === 0) return '0 ms'
  if (milliseconds < 0.9995) return `${digits.format(milliseconds * 1000)} µs`
  return milliseconds < 999.5 ? `${digits.format(milliseconds)} ms` : `${digits.format(milliseconds / 1000)} s`
}

/** The columns of a table of latencies, between the standard deviation and the maximum. */
export const percentileColumns = [
  ['p50', 'p50', 2],
  ['p90', 'p90', 10],
  ['p99', 'p99', 100],
  ['p99.9', 'p999', 1000],
  ['p99.99', 'p9999', 10_000],
] as const

/** The percentiles for `percentileColumns`; a dash where there are too few latencies for one to be anything but the maximum. */
export function formatPercentiles(summary: LatencySummary): string[] {
  return percentileColumns.map(([, key, fewest]) => (summary.count < fewest ? '–' : formatLatency(summary[key])))
}

/** A value of a figure with its unit. */
export function formatFigure(value: number, unit: FigureUnit): string {
  switch (unit) {
    case 'per second':
      return `${value < 100 ? threeDigits.format(value) : formatCount(Math.round(value))}/s`
    case 'bytes per second':
      return formatRate(value)
    case 'milliseconds':
      return formatLatency(value)
    case 'bytes':
      return formatSize(Math.round(value))
    case 'percent':
      return `${threeDigits.format(value)} %`
    case 'percent of a core':
      return `${value.toFixed(1)} % of a core`
    case 'count':
      return formatCount(value)
  }
}

/** A change as a share of what it was: `+12.3 %`. */
export function formatChange(change: number): string {
  if (!Number.isFinite(change)) return 'from nothing'
  return `${change >= 0 ? '+' : '-'}${Math.abs(change * 100).toFixed(1)} %`
}

/** A value with its unit, precisely enough to be held against a limit. */
export function formatPrecisely(value: number, unit: FigureUnit): string {
  return unit === 'milliseconds' ? formatTime(value, fiveDigits) : formatFigure(value, unit)
}
