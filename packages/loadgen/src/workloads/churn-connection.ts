import type { Resolved } from '../plan.js'
import type { CreateDriver } from '../thread/driver.js'
import type { Session } from '../thread/session.js'
import type { ChurnPlan } from './churn.js'
import { ConversationConnection, type Talk } from './conversation-connection.js'
import { EchoConnection } from './echo-connection.js'
import { createMessageFlow, type MessageSlot } from './message-flow.js'
import { type PayloadSource, payloadSource } from './payload-source.js'

/** After a failure a client waits so long (ms) before it comes again: what refuses is not made better by haste. */
const restAfterFailure = 10

/** What a connection is for. */
interface Order {
  readonly size: number
  readonly due: number
}

class ChurnConnection extends EchoConnection {
  readonly #order: Order
  readonly #rst: boolean
  readonly #onEnd: (failed: boolean) => void
  #sentAt = 0

  constructor(
    session: Session,
    number: number,
    plan: Resolved<ChurnPlan>,
    source: PayloadSource,
    order: Order,
    onEnd: (failed: boolean) => void
  ) {
    super(session, number, source.payloadOf(number))
    this.#order = order
    this.#rst = plan.rst
    this.#onEnd = onEnd
  }

  /** It was due before the end, and counts however long it takes. */
  override get finishesConnecting(): boolean {
    return true
  }

  protected begin(): void {
    this.#sentAt = performance.now()
    this.allow(this.#order.size, false)
  }

  protected override allEchoed(): void {
    this.session.messageEchoed(this, this.#order.due, this.#sentAt, performance.now())
    if (this.#rst) this.socket.abort()
    this.complete()
  }

  protected override afterEnd(failed: boolean): void {
    this.#onEnd(failed)
  }

  override drain(): void {}
}

/** The same in the words of a protocol. */
class ChurnTalker extends ConversationConnection {
  readonly #order: Order
  readonly #rst: boolean
  readonly #onEnd: (failed: boolean) => void

  constructor(
    session: Session,
    number: number,
    rst: boolean,
    talk: Talk,
    order: Order,
    onEnd: (failed: boolean) => void
  ) {
    super(session, number, talk)
    this.#order = order
    this.#rst = rst
    this.#onEnd = onEnd
  }

  /** It was due before the end, and counts however long it takes. */
  override get finishesConnecting(): boolean {
    return true
  }

  protected ready(): void {
    this.say(this.#order.size, this.#order.due, performance.now())
  }

  protected answered(): void {
    if (!this.#rst) this.leave()
    else {
      this.socket.abort()
      this.complete()
    }
  }

  protected override afterEnd(failed: boolean): void {
    this.#onEnd(failed)
  }

  override drain(): void {}
}

/** One of the clients that come and go. */
class Client implements MessageSlot {
  readonly ended = false
}

export const churnDriver: CreateDriver<ChurnPlan> = (session, plan) => {
  const source = payloadSource(session, plan)
  const lengths = source.lengthsOf(session.share.index)
  let connections = 0
  const flow = createMessageFlow<Client>({
    session,
    plan,
    sizeOf: () => lengths.next(),
    begin(client, size, due) {
      const number = session.numberOf(connections++)
      const onEnd = (failed: boolean) => {
        if (failed) session.loop.timer(restAfterFailure, () => flow.release(client))
        else flow.release(client)
      }
      const order = { size, due }
      session.open(
        source.talkOf === undefined
          ? new ChurnConnection(session, number, plan, source, order, onEnd)
          : new ChurnTalker(session, number, plan.rst, source.talkOf(number), order, onEnd)
      )
    },
  })
  return {
    duration: plan.duration,
    traffic(at) {
      flow.start(at)
      for (let ordinal = 0; ordinal < session.portion(plan.clients); ordinal++) flow.release(new Client())
    },
    stop: complete => flow.stop(complete),
    lag: () => flow.lag(),
  }
}
