import { median, probit } from 'simple-statistics'
import type { Figure } from '../measurement/figures.js'
import type { LoadReport } from '../report.js'

/** Fewer intervals cannot say with 95 % confidence where their median lies. */
export const fewestIntervals = 6

/** An interval that was cut off at less than this share of its length says little. */
const shortestShare = 0.5

/** Where the true median of a figure lies, as far as a run's intervals can say. */
export interface MedianInterval {
  readonly median: number
  readonly low: number
  readonly high: number
}

/** The values that a figure had in the measured phase of a run: in its intervals, or from sample to sample. */
export function intervalValues(figure: Figure, report: LoadReport): number[] {
  const { intervals, plan } = report
  if (figure.moments !== undefined) return figure.moments(report)
  return intervals
    .filter(({ phase, start, end }) => phase === 'measured' && end - start >= plan.interval * shortestShare)
    .flatMap(interval => figure.ofInterval?.(interval) ?? [])
}

/**
 * The two of the values between which their true median lies with 95 % confidence, by the sign test (Conover, Practical
 * Nonparametric Statistics, 3.2), which assumes nothing of how they are distributed. Undefined for fewer than six.
 */
export function medianInterval(values: readonly number[]): MedianInterval | undefined {
  const count = values.length
  if (count < fewestIntervals) return undefined
  const sorted = values.toSorted((left, right) => left - right)
  const below = Math.max(0, Math.floor((count - 1 - probit(0.975) * Math.sqrt(count)) / 2))
  const [low, high] = [sorted[below], sorted[count - 1 - below]]
  return low === undefined || high === undefined ? undefined : { median: median(sorted), low, high }
}
