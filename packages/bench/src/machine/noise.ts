import { pbkdf2Sync } from 'node:crypto'
import { max, median } from 'simple-statistics'
import { summarise } from '../statistics.js'

/** How much else went on while something was measured. */
export interface Disturbance {
  /** Share of all cores that the hypervisor gave to others, 0 to 1. */
  readonly stolen: number
  /** Share of all cores that programs took which have no part in the measurement, 0 to 1. */
  readonly others: number
}

/** How noisy the machine was during a whole run. */
export interface Noise {
  readonly verdict: 'quiet' | 'noisy' | 'too noisy'
  /** Distance from the fastest to the slowest calibration loop, as a share of the median. */
  readonly calibrationSpread: number
  readonly calibrations: number
  /** Medians and maxima over all measurements. */
  readonly stolen: { readonly median: number; readonly maximum: number }
  readonly others: { readonly median: number; readonly maximum: number }
}

/** Beyond the first the machine is noisy, beyond the second too noisy for figures that one would publish. */
const limits = {
  calibrationSpread: [0.05, 0.2],
  stolen: [0.01, 0.05],
  others: [0.05, 0.15],
} as const

const calibrationSteps = 250_000

/**
 * Computes something that never waits and stays in the CPU's caches. Returns the milliseconds that it took; on a quiet
 * machine they are always the same.
 */
export function calibrate(): number {
  const start = performance.now()
  pbkdf2Sync('calibration', 'loop', calibrationSteps, 32, 'sha256')
  return performance.now() - start
}

/** Judges a run by its calibration loops (milliseconds) and by what disturbed its measurements. */
export function judgeNoise(calibrations: readonly number[], disturbances: readonly Disturbance[]): Noise {
  const calibrationSpread = calibrations.length === 0 ? 0 : summarise(calibrations).spread
  const share = (name: keyof Disturbance) => {
    const shares = disturbances.map(disturbance => disturbance[name])
    return shares.length === 0 ? { median: 0, maximum: 0 } : { median: median(shares), maximum: max(shares) }
  }
  const [stolen, others] = [share('stolen'), share('others')]
  const beyond = (level: 0 | 1) =>
    calibrationSpread > limits.calibrationSpread[level] ||
    stolen.median > limits.stolen[level] ||
    others.median > limits.others[level]
  const verdict = beyond(1) ? 'too noisy' : beyond(0) ? 'noisy' : 'quiet'
  return { verdict, calibrationSpread, calibrations: calibrations.length, stolen, others }
}

/** The same in one sentence. */
export function noiseSentence({ verdict, calibrationSpread, calibrations, stolen, others }: Noise): string {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`
  return (
    `The machine was ${verdict}: ${calibrations} runs of a calibration loop differed by ${percent(calibrationSpread)}, ` +
    `other programs took ${percent(others.median)} of all cores (at most ${percent(others.maximum)}), ` +
    `the hypervisor ${percent(stolen.median)} (at most ${percent(stolen.maximum)}).`
  )
}
