import type { Connections } from './connections.js'
import type { StopReport } from './server-messages.js'

/**
 * A connection counts as finished when nothing is held for it and nothing has come for so many milliseconds: bytes
 * may still be on their way to us, and closing before them would answer them with RST.
 */
const quietTime = 250

/** How often to look for connections that have finished, in milliseconds. */
const lookInterval = 50

/**
 * Ends all connections within `grace` milliseconds: idle ones at once, the others when their bytes are out. Until then
 * they are served as before, so that a client in the middle of a stream can get the whole of it back.
 */
export class GracefulStop {
  readonly #connections: Connections
  readonly #deadline: number
  readonly #onStopped: (report: StopReport) => void
  readonly #open: number
  #cutOff = 0
  #lostBytes = 0
  #stopped = false

  constructor(connections: Connections, grace: number, onStopped: (report: StopReport) => void) {
    this.#connections = connections
    this.#deadline = connections.loop.now + grace
    this.#onStopped = onStopped
    this.#open = connections.size
    this.#lookRound()
    this.update()
  }

  /** To be called when a connection has gone. */
  update(): void {
    if (this.#connections.size > 0 || this.#stopped) return
    this.#stopped = true
    this.#onStopped({ open: this.#open, cutOff: this.#cutOff, lostBytes: this.#lostBytes })
  }

  #lookRound(): void {
    const { loop } = this.#connections
    const over = loop.now >= this.#deadline
    for (const connection of this.#connections) {
      const held = connection.handler.heldBytes
      const finished = held === 0 && !connection.handler.busy && loop.now - connection.lastActivity >= quietTime
      if (finished) connection.end()
      else if (over) {
        this.#cutOff++
        this.#lostBytes += held
        connection.end()
      }
    }
    if (!over) loop.timer(Math.min(lookInterval, this.#deadline - loop.now), () => this.#lookRound())
  }
}
