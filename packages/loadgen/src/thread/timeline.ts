import type { Phase } from '../report.js'
import { endOfSlot, slotAt } from './interval-slots.js'

/** A stretch of one phase, in milliseconds of the thread's clock. */
export interface Stretch {
  readonly phase: Phase
  /** Which interval of its phase it is, from 0, where none was skipped. */
  readonly slot: number
  readonly start: number
  readonly end: number
}

/** Knows which phase a run is in, and cuts its time into intervals that never span two phases. */
export class Timeline {
  /** What is due from here on, and before `measuredUntil`, is measured. */
  measuredFrom = Number.POSITIVE_INFINITY
  measuredUntil = Number.POSITIVE_INFINITY
  readonly #interval: number
  readonly #onCut: (stretch: Stretch) => void
  #phase: Phase = 'ramp'
  #phaseStart = 0
  #cutAt = 0
  #slot = 0

  constructor(interval: number, onCut: (stretch: Stretch) => void) {
    this.#interval = interval
    this.#onCut = onCut
  }

  get phase(): Phase {
    return this.#phase
  }

  /** Whether what was due at `at` is measured. Makes both comparisons at any time: see `SampleWriter`. */
  measures(at: number): boolean {
    const begun = at >= this.measuredFrom
    const over = at >= this.measuredUntil
    return begun && !over
  }

  /** Time in the measured phase until `now`. */
  measuredTime(now: number): number {
    return Math.max(0, Math.min(now, this.measuredUntil) - this.measuredFrom)
  }

  start(at: number): void {
    this.#phaseStart = at
    this.#cutAt = at
  }

  /** The next phase begins now. */
  enter(phase: Phase, now: number): void {
    if (phase === this.#phase) return
    this.#cut(now)
    this.#phase = phase
    this.#phaseStart = now
    this.#slot = 0
    if (phase === 'measured') this.measuredFrom = Math.min(this.measuredFrom, now)
    if (phase === 'drain') this.measuredUntil = Math.min(this.measuredUntil, now)
  }

  /** Cuts where an interval has passed. Returns when to come again. */
  tick(now: number): number {
    const passed = slotAt(now - this.#phaseStart, this.#interval)
    if (passed > this.#slot) {
      this.#slot = passed - 1
      this.#cut(now)
      this.#slot = passed
    }
    return this.#phaseStart + endOfSlot(this.#slot, this.#interval)
  }

  /** The run is over. */
  end(now: number): void {
    this.#cut(now)
  }

  #cut(now: number): void {
    this.#onCut({ phase: this.#phase, slot: this.#slot, start: this.#cutAt, end: now })
    this.#cutAt = now
  }
}
