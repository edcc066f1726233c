import type { Block, Socket } from 'reactor'
import { Connection } from '../thread/connection.js'
import type { CreateDriver } from '../thread/driver.js'
import type { IdlePlan } from './idle.js'

class IdleConnection extends Connection {
  readonly waiting = false
  readonly impatient = false

  #establishedAt = 0

  protected begin(): void {
    this.#establishedAt = this.session.loop.now
  }

  onRead(_socket: Socket, _block: Block, _start: number, length: number): void {
    this.received += length
  }

  onEnd(): void {
    const held = ((this.session.loop.now - this.#establishedAt) / 1000).toFixed(1)
    this.fail('closed early', { story: `closed by the server after ${held} s` })
  }
}

export const idleDriver: CreateDriver<IdlePlan> = (session, { duration }) => ({
  duration,
  createConnection: number => new IdleConnection(session, number),
  traffic() {
    // Held until the run is stopped, but not when there is nothing left to hold.
    if (session.live.size === 0) session.finish()
  },
})
