import type { Loop } from 'reactor'
import { numberOf, portion, type Share } from '../pacing/share.js'

/** Connections are opened in bursts this far apart (ms), where the rate asks for more than one each. */
const openInterval = 2

export interface OpenerOptions {
  readonly loop: Loop
  /** Connections of all shares together, and opened per second by all of them; rate 0: all at once. */
  readonly connections: number
  readonly rate: number
  readonly share: Share
  open(number: number): void
}

/** Opens one share of a plan's connections: number n is due n / rate seconds after the start. */
export class Opener {
  /** Connections that are this share's. */
  readonly planned: number
  readonly #options: OpenerOptions
  #begun = 0
  #startedAt = 0
  #stopped = false

  constructor(options: OpenerOptions) {
    this.#options = options
    this.planned = portion(options.connections, options.share)
  }

  /** All have been opened, or no more will be. */
  get done(): boolean {
    return this.#stopped || this.#begun === this.planned
  }

  start(at: number): void {
    this.#startedAt = at
    this.#openDue()
  }

  stop(): void {
    this.#stopped = true
  }

  #openDue(): void {
    const { loop, rate, share, open } = this.#options
    const due = (number: number) => (rate === 0 ? 0 : (number * 1000) / rate)
    while (!this.done && this.#startedAt + due(numberOf(this.#begun, share)) <= loop.now) {
      open(numberOf(this.#begun++, share))
    }
    if (this.done) return
    const wait = this.#startedAt + due(numberOf(this.#begun, share)) - loop.now
    loop.timer(Math.max(openInterval, wait), () => this.#openDue())
  }
}
