import { streamKey, wordAt } from '../payload/generator.js'
import type { Share } from './share.js'

/** A rate over time, in events per second: constant, or changing evenly from one to another. */
export interface Rate {
  readonly from: number
  readonly to: number
}

/** Whether messages are due by a schedule: the plan has a rate. */
export function isPaced({ rate }: { readonly rate: Rate }): boolean {
  return rate.from > 0 || rate.to > 0
}

export interface ScheduleOptions {
  readonly rate: Rate
  /** `constant`: equally far apart. `poisson`: independent of each other, at random. */
  readonly arrivals: 'constant' | 'poisson'
  /** Milliseconds during which the rate is `rate.from`, before it begins to change. */
  readonly warmup: number
  /** Milliseconds in which it changes; it stays at `rate.to` afterwards. Without meaning where it does not change. */
  readonly duration: number
  /** Determines what is random. */
  readonly seed: number
  /** Which of the events are wanted. */
  readonly share: Share
}

/** An epoch whose bytes no run reaches (see strings-connection.ts for the other one): its words choose the arrivals. */
const arrivalEpoch = 4094

/** A stream that no connection has. */
const arrivalStream = 2 ** 20 - 1

/**
 * When things are due, as a pure function: no clock, no timers. Event number k is due when the integral of the rate
 * has reached k; for Poisson arrivals, the sum of k + 1 exponential variates (an inhomogeneous Poisson process by
 * time change: Çinlar, Introduction to Stochastic Processes, 1975). The schedules of all shares together are the
 * schedule of the whole.
 */
export class Schedule {
  readonly #options: ScheduleOptions
  readonly #key
  #number = -1
  #integral = -1
  #due = 0

  constructor(options: ScheduleOptions) {
    this.#options = options
    this.#key = streamKey(options.seed, arrivalStream, arrivalEpoch)
    this.#integral = options.arrivals === 'poisson' ? 0 : -1
    this.#advanceBy(options.share.index + 1)
  }

  /** When the next event is due, in milliseconds since the start. */
  get due(): number {
    return this.#due
  }

  /** The next event has happened. */
  advance(): void {
    this.#advanceBy(this.#options.share.count)
  }

  #advanceBy(steps: number): void {
    if (this.#options.arrivals === 'constant') this.#integral += steps
    else for (let step = 0; step < steps; step++) this.#integral += this.#variate(this.#number + step + 1)
    this.#number += steps
    this.#due = this.#timeOf(this.#integral)
  }

  /** An exponential variate of mean 1. */
  #variate(number: number): number {
    return -Math.log((wordAt(number >>> 0, this.#key) + 1) / 2 ** 32)
  }

  /** The time (ms) at which so many events, fractions included, are due: the inverse of the integral of the rate. */
  #timeOf(integral: number): number {
    const { rate, warmup, duration } = this.#options
    const flat = (rate.from * warmup) / 1000
    if (rate.from === rate.to || integral <= flat) return (integral * 1000) / rate.from
    const beyond = integral - flat
    const whole = ((rate.from + rate.to) * duration) / 2000
    if (beyond >= whole) return warmup + duration + ((beyond - whole) * 1000) / rate.to
    // rate.from * t + slope * t² / 2 = beyond, in a form that loses no digits where the slope is small.
    const slope = ((rate.to - rate.from) * 1000) / duration
    const root = Math.sqrt(rate.from * rate.from + 2 * slope * beyond)
    return warmup + (2000 * beyond) / (rate.from + root)
  }
}
