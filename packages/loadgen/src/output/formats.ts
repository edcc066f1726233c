import { formatCount, formatRate, formatSize } from 'command-line'
import type { FigureUnit } from '../measurement/figures.js'

const withDigits = (digits: number) => new Intl.NumberFormat('en-US', { maximumSignificantDigits: digits })
const threeDigits = withDigits(3)
const fiveDigits = withDigits(5)

/** Milliseconds with three digits, in the unit that suits them: `12.3 µs`, `4.56 ms`, `1.2 s`. */
export function formatLatency(milliseconds: number): string {
  if (milliseconds === 0) return '0 ms'
  if (milliseconds < 0.9995) return `${threeDigits.format(milliseconds * 1000)} µs`
  return milliseconds < 999.5
    ? `${threeDigits.format(milliseconds)} ms`
    : `${threeDigits.format(milliseconds / 1000)} s`
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
  return unit === 'milliseconds' ? `${fiveDigits.format(value)} ms` : formatFigure(value, unit)
}
