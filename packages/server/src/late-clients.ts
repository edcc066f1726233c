import type { Timer } from 'reactor'
import type { Connections } from './connections.js'
import type { Deadline } from './protocols/deadline.js'
import type { Limits } from './protocols/protocol.js'

/** Closings may come later than asked by this share of the timeout, so that many connections share one look round. */
const slack = 1 / 16

/**
 * Ends connections on which nothing has happened for too long, or which take too long for a message; up to a sixteenth
 * later than asked. An event on a connection costs no more than the stamp that it gets anyway: one timer for all of
 * them looks round when the next one is due.
 */
export class LateClients {
  readonly #connections: Connections
  readonly #shortestDelay: number
  #timer: Timer | undefined
  /** When the timer is due, on the loop's clock. */
  #due = Number.POSITIVE_INFINITY

  constructor(connections: Connections, { idleTimeout, messageTimeout }: Limits) {
    this.#connections = connections
    this.#shortestDelay = Math.min(idleTimeout, messageTimeout) * slack
  }

  /** To be called when a connection has come, and when a message has begun on one. */
  watch(deadline: Deadline): void {
    const { now } = this.#connections.loop
    this.#arm(now, deadline.left(now))
  }

  #arm(now: number, left: number): void {
    const due = now + Math.max(left, this.#shortestDelay)
    if (due >= this.#due || due === Number.POSITIVE_INFINITY) return
    this.#timer?.cancel()
    this.#due = due
    this.#timer = this.#connections.loop.timer(due - now, () => this.#lookRound())
  }

  #lookRound(): void {
    this.#due = Number.POSITIVE_INFINITY
    const { now } = this.#connections.loop
    let next = Number.POSITIVE_INFINITY
    for (const connection of this.#connections) {
      const { deadline, handler } = connection
      if (deadline === undefined) continue
      // The client waits for us: its time begins anew when it has its answer.
      if (handler.busy) deadline.touch(now)
      const lateness = deadline.lateness(now)
      if (lateness !== undefined) {
        connection.timeOut(lateness)
        // Who does not take the answer to that either is reset the next time.
        deadline.touch(now)
      }
      next = Math.min(next, deadline.left(now))
    }
    this.#arm(now, next)
  }
}
