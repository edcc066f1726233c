import type { Timer } from '../loop.js'
import { type TimerEntry, TimerHeap } from '../timer-heap.js'

/** The longest that Node's timers can wait. */
const forever = 2 ** 31 - 1

/** The shortest, in milliseconds: 0 is taken for it. What is sooner is waited for turn by turn. */
const shortest = 1

/**
 * The timers of a loop on one timer of Node's, which alone would fire them up to a millisecond early, and those of
 * nearly the same time in any order.
 */
export class NodeTimers {
  readonly #heap = new TimerHeap()
  readonly #call: (callback: () => void) => void
  #armed: NodeJS.Timeout | undefined
  #armedFor = Number.POSITIVE_INFINITY
  #ended = false

  constructor(call: (callback: () => void) => void) {
    this.#call = call
  }

  add(delay: number, callback: () => void): Timer {
    const entry = this.#heap.add(performance.now() + delay, callback)
    // What is immediate comes at the end of this turn, maybe before the loop has looked for anything new.
    if (delay < shortest) setImmediate(() => this.#turnUntilDue(entry))
    else this.#arm()
    return {
      cancel: () => {
        this.#heap.cancel(entry)
        this.#arm()
      },
    }
  }

  /** None fires any more. */
  end(): void {
    this.#ended = true
    clearTimeout(this.#armed)
  }

  #arm(): void {
    const due = this.#heap.nextDue
    if (this.#ended || due === this.#armedFor) return
    clearTimeout(this.#armed)
    this.#armedFor = due
    if (due === Number.POSITIVE_INFINITY) return
    const delay = Math.min(forever, Math.max(0, Math.ceil(due - performance.now())))
    this.#armed = setTimeout(() => {
      this.#armedFor = Number.POSITIVE_INFINITY
      this.#fire()
    }, delay)
  }

  #turnUntilDue(entry: TimerEntry): void {
    setImmediate(() => {
      if (this.#ended || entry.index === -1) return
      this.#fire()
      if (entry.index !== -1) this.#turnUntilDue(entry)
    })
  }

  #fire(): void {
    const now = performance.now()
    for (let timer = this.#heap.takeDue(now); timer !== undefined; timer = this.#heap.takeDue(now)) {
      this.#call(timer.callback)
    }
    this.#arm()
  }
}
