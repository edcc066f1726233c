import type { Listener, Loop } from 'reactor'
import type { ServerReport } from './server-messages.js'

/** Having reached the limit is told once for as long as it keeps being reached again within so many milliseconds. */
const fullEnd = 5000

/** Keeps a server at no more than so many connections: the listeners pause, and clients wait in their backlogs. */
export class ConnectionLimit {
  readonly #loop: Loop
  readonly #listeners: readonly Listener[]
  readonly #maximum: number
  readonly #report: (report: ServerReport) => void
  readonly #tellsEach: boolean
  /** How often the limit has been reached. */
  timesFull = 0
  #full = false
  #lastFull = Number.NEGATIVE_INFINITY

  /** `tellsEach`: reports each time that the limit is reached, not only the first of a series. */
  constructor(
    loop: Loop,
    listeners: readonly Listener[],
    maximum: number,
    report: (report: ServerReport) => void,
    tellsEach: boolean
  ) {
    this.#loop = loop
    this.#listeners = listeners
    this.#maximum = maximum
    this.#report = report
    this.#tellsEach = tellsEach
  }

  /** To be called when the number of open connections has changed. */
  update(open: number): void {
    const full = open >= this.#maximum
    if (full === this.#full) return
    this.#full = full
    for (const listener of this.#listeners) {
      if (full) listener.pause()
      else listener.resume()
    }
    if (!full) return
    this.timesFull++
    if (this.#tellsEach || this.#loop.now - this.#lastFull > fullEnd) this.#report({ kind: 'full', connections: open })
    this.#lastFull = this.#loop.now
  }
}
