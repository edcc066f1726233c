import { PayloadStream } from '../payload/payload-stream.js'
import type { Resolved } from '../plan.js'
import type { CreateDriver } from '../thread/driver.js'
import type { Session } from '../thread/session.js'
import { EchoConnection } from './echo-connection.js'
import type { StreamPlan } from './stream.js'

/** How often (ms) a stream with a rate limit is allowed the bytes that have become due. */
const paceInterval = 20

class StreamConnection extends EchoConnection {
  readonly #plan: Resolved<StreamPlan>
  readonly #size: number
  #beganAt = 0

  constructor(session: Session, plan: Resolved<StreamPlan>, number: number) {
    super(
      session,
      number,
      new PayloadStream(session.memory, { seed: plan.seed, connection: number, charset: undefined })
    )
    this.#plan = plan
    this.#size = plan.size === 0 ? Number.MAX_SAFE_INTEGER : shareOf(plan.size, session.planned, number)
  }

  protected override get finAfterEcho(): boolean {
    return this.#plan.finAfterEcho
  }

  protected begin(): void {
    const { noRead, readLater, rateLimit } = this.#plan
    if ((noRead || readLater > 0) && !this.session.readingStarted) this.stopReading()
    this.#beganAt = this.session.loop.now
    if (rateLimit === 0) this.allow(this.#size, true)
    else this.#pace()
  }

  #pace(): void {
    if (this.ended || this.closing) return
    const due = Math.floor((this.#plan.rateLimit * (this.session.loop.now - this.#beganAt)) / 1000)
    this.allow(Math.min(due, this.#size), due >= this.#size)
    this.session.loop.timer(paceInterval, () => this.#pace())
  }

  protected override allSent(): void {
    const { noRead, hold, duration } = this.#plan
    if (this.closing && noRead && !hold && duration === 0 && !this.reading) this.complete()
  }
}

/** The part of `size` bytes that falls to one of `count` connections. */
function shareOf(size: number, count: number, number: number): number {
  return Math.floor(size / count) + (number < size % count ? 1 : 0)
}

export const streamDriver: CreateDriver<StreamPlan> = (session, plan) => ({
  createConnection: number => new StreamConnection(session, plan, number),
  start() {
    if (plan.readLater > 0) session.loop.timer(plan.readLater, () => session.startReading())
    if (plan.duration === 0) return
    session.loop.timer(plan.duration, () => {
      if (plan.noRead && !session.readingStarted) session.finish()
      else session.drain()
    })
  },
})
