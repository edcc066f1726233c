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
  /** Percent of one core. The mean is CPU time by elapsed time; the first sample, which has no past, does not count. */
  readonly cpuPercent: Statistics
  readonly rssBytes: Statistics
  /** Undefined when PSS could not be read throughout. */
  readonly pssBytes: Statistics | undefined
  readonly threads: Statistics
  readonly descriptors: Statistics | undefined
  /** Per second. */
  readonly voluntarySwitches: number
  /** Per second. */
  readonly involuntarySwitches: number
}

/** Sums samples up. Throws a RangeError when there is none. */
export function summarise(samples: readonly Sample[]): Summary {
  const [first] = samples
  const last = samples.at(-1)
  if (first === undefined || last === undefined) throw new RangeError('no samples to summarise')
  const seconds = (last.atMilliseconds - first.atMilliseconds) / 1000
  const perSecond = (amount: number) => (seconds > 0 ? amount / seconds : 0)
  const cpuSeconds = last.cpuSeconds - first.cpuSeconds
  return {
    samples: samples.length,
    seconds,
    cpuSeconds,
    cpuPercent: { ...statisticsOf(samples.slice(1), cpuOf), mean: perSecond(cpuSeconds * 100) },
    rssBytes: statisticsOf(samples, sample => sample.rssBytes),
    pssBytes: statisticsIfKnown(samples, sample => sample.pssBytes),
    threads: statisticsOf(samples, sample => sample.threads),
    descriptors: statisticsIfKnown(samples, sample => sample.descriptors),
    voluntarySwitches: perSecond(last.voluntarySwitches - first.voluntarySwitches),
    involuntarySwitches: perSecond(last.involuntarySwitches - first.involuntarySwitches),
  }
}

function cpuOf(sample: Sample): number {
  return sample.cpuPercent
}

function statisticsIfKnown(
  samples: readonly Sample[],
  figure: (sample: Sample) => number | undefined
): Statistics | undefined {
  if (samples.some(sample => figure(sample) === undefined)) return undefined
  return statisticsOf(samples, sample => figure(sample) ?? 0)
}

function statisticsOf(samples: readonly Sample[], figure: (sample: Sample) => number): Statistics {
  const values = samples.map(figure)
  if (values.length === 0) return { min: 0, mean: 0, p95: 0, max: 0, slope: 0 }
  const points = samples.map(sample => [sample.atMilliseconds / 1000, figure(sample)])
  const slope = points.length > 1 ? linearRegression(points).m : 0
  return {
    min: min(values),
    mean: mean(values),
    p95: quantile(values, 0.95),
    max: max(values),
    slope: Number.isFinite(slope) ? slope : 0,
  }
}
