import { isPaced } from '../pacing/schedule.js'
import { parseCharset } from '../payload/charset.js'
import { MessageLengths } from '../payload/message-lengths.js'
import { PayloadStream } from '../payload/payload-stream.js'
import type { Resolved } from '../plan.js'
import type { CreateDriver } from '../thread/driver.js'
import type { Session } from '../thread/session.js'
import { EchoConnection } from './echo-connection.js'
import { createMessageFlow, type MessageFlow } from './message-flow.js'
import type { StringsPlan } from './strings.js'

class StringsConnection extends EchoConnection {
  readonly #plan: Resolved<StringsPlan>
  readonly #lengths: MessageLengths
  /** Undefined where each string follows the echo of the last. */
  readonly #flow: MessageFlow<StringsConnection> | undefined
  #due = -1
  #sentAt = 0

  constructor(
    session: Session,
    plan: Resolved<StringsPlan>,
    number: number,
    flow: MessageFlow<StringsConnection> | undefined
  ) {
    const charset = plan.charset === 'all' ? undefined : parseCharset(plan.charset)
    super(session, number, new PayloadStream(session.memory, { seed: plan.seed, connection: number, charset }))
    this.#plan = plan
    this.#flow = flow
    this.#lengths = new MessageLengths(plan.seed, number, plan.size)
  }

  protected begin(): void {
    this.#sendNext()
  }

  #sendNext(): void {
    if (this.#flow === undefined) this.send(this.nextLength(), -1, performance.now())
    else this.#flow.release(this)
  }

  nextLength(): number {
    return this.#lengths.next()
  }

  send(length: number, due: number, now: number): void {
    this.#due = due
    this.#sentAt = now
    this.allow(this.limit + length, false)
  }

  protected override allEchoed(): void {
    if (this.closing) return
    this.session.messageEchoed(this, this.#due, this.#sentAt, performance.now())
    if (this.messages < this.#plan.messages) this.#sendNext()
    else this.allow(this.limit, true)
  }
}

export const stringsDriver: CreateDriver<StringsPlan> = (session, plan) => {
  const flow = isPaced(plan)
    ? createMessageFlow<StringsConnection>({
        session,
        plan: { ...plan, duration: 0, requests: 0, bytes: 0 },
        sizeOf: connection => connection.nextLength(),
        begin: (connection, length, due, now) => connection.send(length, due, now),
      })
    : undefined
  return {
    createConnection: number => new StringsConnection(session, plan, number, flow),
    traffic: at => flow?.start(at),
    stop: complete => flow?.stop(complete),
    lag() {
      const lag = flow?.lag()
      if (lag === undefined) return undefined
      // The schedule goes on for ever, the strings do not.
      const left = session.portion(plan.clients) * plan.messages - lag.scheduled
      return { ...lag, unsent: Math.min(lag.unsent, left) }
    },
  }
}
