import type { Lateness, Limits, ProtocolSession } from './protocol.js'

/** What a deadline has to know of a conversation. */
type Progress = Pick<ProtocolSession, 'inMessage' | 'messages'>

/**
 * Tells when a connection is late. The model says when bytes have passed (`touch`), and asks when it has time
 * (`lateness`) or before it goes to sleep (`left`). Knows no clock: all times are milliseconds on the model's own.
 */
export class Deadline {
  readonly #limits: Limits
  readonly #session: Progress
  #lastActivity: number
  #messageStart: number
  #messages = 0

  constructor(session: Progress, limits: Limits, now: number) {
    this.#session = session
    this.#limits = limits
    this.#lastActivity = now
    this.#messageStart = Number.POSITIVE_INFINITY
  }

  /** Bytes have been received, and the session has seen them, or sent. Returns whether a message has begun. */
  touch(now: number): boolean {
    const { inMessage, messages } = this.#session
    const wasInMessage = this.#messageStart !== Number.POSITIVE_INFINITY && messages === this.#messages
    this.#lastActivity = now
    this.#messages = messages
    if (!inMessage) this.#messageStart = Number.POSITIVE_INFINITY
    else if (!wasInMessage) this.#messageStart = now
    return inMessage && !wasInMessage
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

  #messageEnd(): number {
    return this.#messageStart + this.#limits.messageTimeout
  }
}
