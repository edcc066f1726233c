// The global of that name is a getter, which costs more than the call.
import { performance } from 'node:perf_hooks'
import type { EngineName } from 'reactor'
import { Budget } from '../pacing/budget.js'
import { lateness } from '../pacing/lag-account.js'
import { Pacer } from '../pacing/pacer.js'
import { isPaced, Schedule } from '../pacing/schedule.js'
import { portion } from '../pacing/share.js'
import type { Resolved } from '../plan.js'
import type { Lag } from '../report.js'
import type { Session } from '../thread/session.js'
import type { FlowPlan } from './flow-options.js'

/** How late (ms) the timers of an engine come: 17 to 27 µs where it was measured; Node's are of whole milliseconds. */
const wakeUp: Readonly<Record<EngineName, number>> = { epoll: 0.02, uring: 0.02, node: 2 }

export interface MessageSlot {
  /** It has gone for good. */
  readonly ended: boolean
}

/** Decides when the next message begins, and in which slot: one that has nothing on its way. */
export interface MessageFlow<Slot extends MessageSlot> {
  /** The schedule begins, at `at` of the thread's clock. */
  start(at: number): void
  /** Nothing more begins; with `complete`, but what is due already and can begin. */
  stop(complete: boolean): void
  /** This slot can begin a message, for the first time or again; `now` is this moment, where it is known. */
  release(slot: Slot, now?: number): void
  lag(): Lag | undefined
}

export interface FlowOptions<Slot extends MessageSlot> {
  readonly session: Session
  readonly plan: Pick<Resolved<FlowPlan>, 'rate' | 'arrivals' | 'warmup' | 'duration' | 'requests' | 'bytes' | 'seed'>
  /** Bytes of the next message in this slot. */
  sizeOf(slot: Slot): number
  /** A message of `size` bytes begins, due at `due` of the thread's clock (-1: whenever). */
  begin(slot: Slot, size: number, due: number, now: number): void
}

/** The flow that a plan asks for: an open loop where it has a rate, else a closed one. */
export function createMessageFlow<Slot extends MessageSlot>(options: FlowOptions<Slot>): MessageFlow<Slot> {
  return isPaced(options.plan) ? new OpenLoop(options) : new ClosedLoop(options)
}

function budgetOf({ session, plan }: Pick<FlowOptions<never>, 'session' | 'plan'>): Budget {
  return new Budget({
    requests: plan.requests === 0 ? Number.POSITIVE_INFINITY : portion(plan.requests, session.share),
    bytes: plan.bytes === 0 ? Number.POSITIVE_INFINITY : portion(plan.bytes, session.share),
  })
}

class ClosedLoop<Slot extends MessageSlot> implements MessageFlow<Slot> {
  readonly #options: FlowOptions<Slot>
  readonly #budget: Budget
  #waiting: Slot[] = []
  #state: 'waiting' | 'running' | 'stopped' = 'waiting'

  constructor(options: FlowOptions<Slot>) {
    this.#options = options
    this.#budget = budgetOf(options)
  }

  start(): void {
    this.#state = 'running'
    const waiting = this.#waiting
    this.#waiting = []
    for (const slot of waiting) this.release(slot)
  }

  stop(): void {
    this.#state = 'stopped'
  }

  release(slot: Slot, now = performance.now()): void {
    if (this.#state === 'waiting') this.#waiting.push(slot)
    if (this.#state !== 'running') return
    const { session, begin, sizeOf } = this.#options
    const size = sizeOf(slot)
    if (this.#budget.take(size, now >= session.timeline.measuredFrom)) begin(slot, size, -1, now)
    else session.completeOutstanding()
  }

  lag(): undefined {}
}

class OpenLoop<Slot extends MessageSlot> implements MessageFlow<Slot> {
  readonly #options: FlowOptions<Slot>
  readonly #budget: Budget
  readonly #pacer: Pacer<Slot>
  #unsent = 0

  constructor(options: FlowOptions<Slot>) {
    const { session, plan } = options
    this.#options = options
    this.#budget = budgetOf(options)
    this.#pacer = new Pacer({
      clock: {
        now: () => performance.now(),
        timer: (delay, callback) => session.loop.timer(delay, callback),
        wakeUp: wakeUp[session.loop.engine],
      },
      schedule: new Schedule({ ...plan, share: session.share }),
      usable: slot => !slot.ended,
      begin: (slot, due, now) => this.#begin(slot, due, now),
      // The measured time is over as well, or will be in a moment: the session's timer ends it.
      exhausted: () => {},
    })
  }

  start(at: number): void {
    const { measuredFrom, measuredUntil } = this.#options.session.timeline
    this.#pacer.start(at, { measuredFrom, end: measuredUntil })
  }

  stop(complete: boolean): void {
    if (this.#pacer.stopped) return
    if (complete) this.#pacer.complete()
    else this.#pacer.stop()
    // What a budget has ended was not due any more.
    if (!this.#budget.exhausted) this.#unsent = this.#pacer.overdue(performance.now())
  }

  release(slot: Slot): void {
    this.#pacer.release(slot)
  }

  #begin(slot: Slot, due: number, now: number): boolean {
    const { session, begin, sizeOf } = this.#options
    const size = sizeOf(slot)
    const may = this.#budget.take(size, due >= session.timeline.measuredFrom)
    if (may) begin(slot, size, due, now)
    else session.completeOutstanding()
    return may
  }

  lag(): Lag {
    return { ...this.#pacer.lag, lateness, unsent: this.#unsent }
  }
}
