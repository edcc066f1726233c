import type { Timer } from 'reactor'
import type { Connections } from './connections.js'

/** Closings may come later than asked by this share of the timeout, so that many connections share one look round. */
const slack = 1 / 16

/**
 * Ends connections on which nothing has happened for `timeout` milliseconds, or up to a sixteenth longer. An event on
 * a connection costs no more than the stamp that it gets anyway: one timer for all of them looks round when the one
 * that has been quiet longest is due.
 */
export class IdleTimeout {
  readonly #connections: Connections
  readonly #timeout: number
  #timer: Timer | undefined

  constructor(connections: Connections, timeout: number) {
    this.#connections = connections
    this.#timeout = timeout
  }

  /** To be called when a connection has come. */
  watch(): void {
    if (this.#timer === undefined && this.#connections.size > 0) this.#arm(this.#timeout)
  }

  #arm(delay: number): void {
    this.#timer = this.#connections.loop.timer(delay, () => this.#lookRound())
  }

  #lookRound(): void {
    this.#timer = undefined
    const { now } = this.#connections.loop
    let next = Number.POSITIVE_INFINITY
    for (const connection of this.#connections) {
      const left = connection.lastActivity + this.#timeout - now
      if (left <= 0) connection.timeOut()
      else next = Math.min(next, left)
    }
    if (next < Number.POSITIVE_INFINITY) this.#arm(Math.max(next, this.#timeout * slack))
  }
}
