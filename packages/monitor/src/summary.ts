import { linearRegression, max, mean, min, quantile } from 'simple-statistics'
import type { Sample } from './sample.js'

/** One figure over all samples. */
export interface Statistics {
  readonly min: number
  readonly mean: number
  readonly p95: number
  readonly max: number
  /** Least-squares change per second. */
  readonly slope: number
}

export interface Summary {
  readonly samples: number
  readonly seconds: number
  /** CPU time that the tree used, in seconds. */
  readonly cpuSeconds: number
  /** Percent of one core. The mean is CPU time by elapsed time. */
  readonly cpuPercent: Statistics
  readonly rssBytes: Statistics
  /** Undefined when PSS could not be read throughout. */
  readonly pssBytes: Statistics | undefined
  /** Of files without a name that are open and not mapped. */
  readonly unmappedFileBytes: Statistics
  readonly threads: Statistics
  readonly descriptors: Statistics | undefined
  /** Per second. */
  readonly voluntarySwitches: number
  /** Per second. */
  readonly involuntarySwitches: number
}

/**
 * CPU is judged over at least so many milliseconds. The kernel counts it in steps of 10, so that over a shorter time
 * one step would be a large percentage; samples that were taken closer together are taken as one.
 */
const shortestSpan = 100

/** One figure at one moment. */
interface Point {
  /** Seconds. */
  readonly at: number
  readonly value: number
}

/** Sums samples up. Throws a RangeError when there is none. */
export function summarise(samples: readonly Sample[]): Summary {
  const [first] = samples
  const last = samples.at(-1)
  if (first === undefined || last === undefined) throw new RangeError('no samples to summarise')
  const seconds = (last.atMilliseconds - first.atMilliseconds) / 1000
  const perSecond = (amount: number) => (seconds > 0 ? amount / seconds : 0)
  const cpuSeconds = last.cpuSeconds - first.cpuSeconds
  const of = (figure: (sample: Sample) => number) => statisticsOf(pointsOf(samples, figure))
  const known = (figure: (sample: Sample) => number | undefined) =>
    samples.some(sample => figure(sample) === undefined) ? undefined : of(sample => figure(sample) ?? 0)
  return {
    samples: samples.length,
    seconds,
    cpuSeconds,
    cpuPercent: { ...statisticsOf(cpuPoints(samples)), mean: perSecond(cpuSeconds * 100) },
    rssBytes: of(sample => sample.rssBytes),
    pssBytes: known(sample => sample.pssBytes),
    unmappedFileBytes: of(sample => sample.unmappedFileBytes),
    threads: of(sample => sample.threads),
    descriptors: known(sample => sample.descriptors),
    voluntarySwitches: perSecond(last.voluntarySwitches - first.voluntarySwitches),
    involuntarySwitches: perSecond(last.involuntarySwitches - first.involuntarySwitches),
  }
}

function pointsOf(samples: readonly Sample[], figure: (sample: Sample) => number): Point[] {
  return samples.map(sample => ({ at: sample.atMilliseconds / 1000, value: figure(sample) }))
}

/** Percent of one core from each sample to the next that is far enough away. */
function cpuPoints(samples: readonly Sample[]): Point[] {
  const points: Point[] = []
  let from = samples[0]
  const last = samples.at(-1)
  for (const sample of samples) {
    if (from === undefined || last === undefined) break
    const span = sample.atMilliseconds - from.atMilliseconds
    const rest = last.atMilliseconds - sample.atMilliseconds
    const isWholeRest = sample === last && span > 0
    if (!isWholeRest && (span < shortestSpan || rest < shortestSpan)) continue
    points.push({ at: sample.atMilliseconds / 1000, value: ((sample.cpuSeconds - from.cpuSeconds) * 100_000) / span })
    from = sample
  }
  return points
}

function statisticsOf(points: readonly Point[]): Statistics {
  if (points.length === 0) return { min: 0, mean: 0, p95: 0, max: 0, slope: 0 }
  const values = points.map(({ value }) => value)
  const slope = points.length > 1 ? linearRegression(points.map(({ at, value }) => [at, value])).m : 0
  return {
    min: min(values),
    mean: mean(values),
    p95: quantile(values, 0.95),
    max: max(values),
    slope: Number.isFinite(slope) ? slope : 0,
  }
}
