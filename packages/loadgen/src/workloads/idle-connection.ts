import type { Block, Socket } from 'reactor'
import { Connection } from '../connection.js'
import type { Driver } from '../session.js'
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

export const idleDriver: Driver<IdlePlan> = {
  createConnection: (session, _plan, number) => new IdleConnection(session, number),
  connected(session, plan) {
    if (plan.duration > 0) session.loop.timer(plan.duration, () => session.drain())
  },
  done({ elapsed, connections }, { duration, connectRate }) {
    const opening = connectRate === 0 ? 0 : (connections.planned * 1000) / connectRate
    return duration === 0 ? undefined : Math.min(1, elapsed / (opening + duration))
  },
}
