import { LagAccount, type PacerLag } from './lag-account.js'
import type { Schedule } from './schedule.js'

/** What a pacer needs of time. */
interface Clock {
  /** Milliseconds, as finely as there are. */
  now(): number
  /** Calls back after at least `delay` milliseconds, fractions included; one of 0 takes a turn of the loop. */
  timer(delay: number, callback: () => void): unknown
  /**
   * Timers other than those of 0 come so much late (ms), since a thread that slept has to wake up. That would count as
   * the server's latency: for as long before something is due the pacer waits turn by turn.
   */
  readonly wakeUp: number
}

/** Events begun in a row before others have their turn, when many are overdue. */
const burst = 64

export interface PacerOptions<Slot> {
  readonly clock: Clock
  readonly schedule: Schedule
  /** False when the slot has gone for good, since it was released. */
  usable(slot: Slot): boolean
  /** Something is due since `due` (the clock's milliseconds) and begins now, in this slot. False: it did not begin. */
  begin(slot: Slot, due: number, now: number): boolean
  /** Nothing more is due before the end. */
  exhausted(): void
}

/**
 * Begins what a schedule says when it is due, each in a free slot, such as a connection without a message on its way.
 * What is due while no slot is free begins as soon as one is, and its due time stays what it was. There is no queue:
 * the schedule itself knows what has not begun.
 */
export class Pacer<Slot> {
  readonly #lag = new LagAccount()
  readonly #options: PacerOptions<Slot>
  readonly #free: Fifo<Slot> = new Fifo()
  readonly #onTimer = () => {
    this.#armed = false
    this.#pump()
  }
  #armed = false
  #pumping = false
  #startedAt = 0
  #measuredFrom = 0
  #end = Number.POSITIVE_INFINITY
  /** Since when there has been a free slot all the time. */
  #freeSince = 0
  #state: 'waiting' | 'running' | 'stopped' = 'waiting'

  constructor(options: PacerOptions<Slot>) {
    this.#options = options
  }

  /**
   * The schedule's time 0 is at `at` of the clock; nothing begins that is due at `end` or later. The lag is that of
   * what is due from `measuredFrom` on.
   */
  start(at: number, { measuredFrom = at, end = Number.POSITIVE_INFINITY } = {}): void {
    this.#startedAt = at
    this.#measuredFrom = measuredFrom
    this.#end = end
    this.#freeSince = at
    this.#state = 'running'
    this.#pump()
  }

  get lag(): PacerLag {
    return this.#lag.figures
  }

  stop(): void {
    this.#state = 'stopped'
  }

  get stopped(): boolean {
    return this.#state === 'stopped'
  }

  /** Begins all that is due and can begin, and then nothing more. */
  complete(): void {
    if (!this.#pumping) while (this.#state === 'running' && this.#beginNext());
    this.stop()
  }

  /** How much has become due by `at` and has not begun. */
  overdue(at: number): number {
    const { schedule } = this.#options
    let count = 0
    for (; this.#startedAt + schedule.due < Math.min(at, this.#end); count++) schedule.advance()
    return count
  }

  /** A slot is free, for the first time or again. */
  release(slot: Slot): void {
    if (this.#free.size === 0) this.#freeSince = this.#options.clock.now()
    this.#free.push(slot)
    if (this.#state === 'running') this.#pump()
  }

  #pump(): void {
    // What begins may end at once, and release its slot from inside.
    if (this.#pumping) return
    this.#pumping = true
    for (let begun = 1; this.#state === 'running' && this.#beginNext(); begun++) {
      if (begun < burst) continue
      this.#arm(0)
      break
    }
    this.#pumping = false
  }

  /** True when something has begun. */
  #beginNext(): boolean {
    const { clock, schedule, usable, begin, exhausted } = this.#options
    const due = this.#startedAt + schedule.due
    if (due >= this.#end) {
      this.#state = 'stopped'
      exhausted()
      return false
    }
    const now = clock.now()
    if (due > now) {
      this.#arm(Math.max(0, due - now - clock.wakeUp))
      return false
    }
    let slot = this.#free.shift()
    while (slot !== undefined && !usable(slot)) slot = this.#free.shift()
    if (slot === undefined) return false
    schedule.advance()
    const behind = now - Math.max(due, this.#freeSince)
    if (!begin(slot, due, now)) return false
    this.#lag.add(behind, due >= this.#measuredFrom)
    return true
  }

  #arm(delay: number): void {
    if (this.#armed) return
    this.#armed = true
    this.#options.clock.timer(delay, this.#onTimer)
  }
}

/** A queue whose operations cost the same however long it is. */
class Fifo<Entry> {
  #in: Entry[] = []
  #out: Entry[] = []

  get size(): number {
    return this.#in.length + this.#out.length
  }

  push(entry: Entry): void {
    this.#in.push(entry)
  }

  shift(): Entry | undefined {
    if (this.#out.length === 0) {
      this.#out = this.#in.reverse()
      this.#in = []
    }
    return this.#out.pop()
  }
}
