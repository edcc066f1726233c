import type { Lateness, Limits, ProtocolSession } from './protocol.js'

/**
 * Tells when a connection is late. The model says when bytes have passed (`touch`), and asks when it has time
 * (`lateness`) or before it goes to sleep (`left`). Knows no clock: all times are milliseconds on the model's own.
 */
export class Deadline {
  readonly #limits: Limits
  readonly #session: ProtocolSession
  #lastActivity: number
  #messageStart: number
  #messages = 0

  constructor(session: ProtocolSession, limits: Limits, now: number) {
    this.#session = session
    this.#limits = limits
    this.#lastActivity = now
    this.#messageStart = Number.POSITIVE_INFINITY
  }

  /** Bytes have been received, and the session has seen them, or sent. */
  touch(now: number): void {
    const { inMessage, messages } = this.#session
    this.#lastActivity = now
    // Of the message that is open now the first bytes came with these, unless it was open before.
    if (!inMessage) this.#messageStart = Number.POSITIVE_INFINITY
    else if (this.#messageStart === Number.POSITIVE_INFINITY || messages !== this.#messages) this.#messageStart = now
    this.#messages = messages
  }

  /** Milliseconds until the connection will be late if nothing happens, at least 0; Infinity for never. */
  left(now: number): number {
    return Math.max(0, Math.min(this.#idleEnd(), this.#messageEnd()) - now)
  }

  /** How the connection is late, if it is. */
  lateness(now: number): Lateness | undefined {
    if (now >= this.#messageEnd()) return 'message'
    return now >= this.#idleEnd() ? 'idle' : undefined
  }

  #idleEnd(): number {
    return this.#lastActivity + this.#limits.idleTimeout
  }

  // A client whose message is not complete because the server does not read it is not late, but the model only asks
  // while it reads.
  #messageEnd(): number {
    return this.#messageStart + this.#limits.messageTimeout
  }
}
