import type { Block, Socket } from 'reactor'
import { PayloadStream } from '../payload/payload-stream.js'
import type { Resolved } from '../plan.js'
import type { CreateDriver } from '../thread/driver.js'
import type { Session } from '../thread/session.js'
import { EchoConnection } from './echo-connection.js'
import type { SlowPlan } from './slow.js'

/** What a slow reader leaves with the server and the kernels. */
const unreadBytes = 256 * 1024

abstract class SlowConnection extends EchoConnection {
  readonly #every: number
  #leaving = false

  constructor(session: Session, plan: Resolved<SlowPlan>, number: number) {
    super(
      session,
      number,
      new PayloadStream(session.memory, { seed: plan.seed, connection: number, charset: undefined })
    )
    this.#every = plan.every
  }

  /** One byte more. */
  protected abstract step(): void

  protected get leaving(): boolean {
    return this.#leaving
  }

  protected begin(): void {
    // Spread over the time between two bytes, as independent clients would be.
    const phase = (this.number * 0.618033988749895) % 1
    this.session.loop.timer(phase * this.#every, () => this.#turn())
  }

  #turn(): void {
    if (this.ended || this.#leaving) return
    this.step()
    this.session.loop.timer(this.#every, () => this.#turn())
  }

  override drain(): void {
    this.#leaving = true
    this.socket.demand(Number.POSITIVE_INFINITY)
    super.drain()
  }
}

class SlowWriter extends SlowConnection {
  protected step(): void {
    this.allow(this.limit + 1, false)
  }
}

class SlowReader extends SlowConnection {
  protected override begin(): void {
    this.socket.demand(0)
    super.begin()
  }

  protected step(): void {
    this.allow(this.received + unreadBytes, false)
    this.restartClock()
    this.socket.demand(1)
  }

  override onRead(socket: Socket, block: Block, start: number, length: number): void {
    if (!this.leaving) socket.demand(0)
    super.onRead(socket, block, start, length)
  }
}

export const slowDriver: CreateDriver<SlowPlan> = (session, plan) => ({
  duration: plan.duration,
  createConnection: number => {
    // Dealt out so that with several targets each gets both kinds.
    const round = Math.floor(number / plan.targets.length)
    const reads = plan.how === 'both' ? round % 2 === 1 : plan.how === 'read'
    return new (reads ? SlowReader : SlowWriter)(session, plan, number)
  },
  traffic() {
    if (session.live.size === 0) session.finish()
  },
})
