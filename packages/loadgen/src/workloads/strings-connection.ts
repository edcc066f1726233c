import { parseCharset } from '../payload/charset.js'
import { MessageLengths } from '../payload/message-lengths.js'
import { PayloadStream } from '../payload/payload-stream.js'
import type { Resolved } from '../plan.js'
import type { CreateDriver } from '../thread/driver.js'
import type { Session } from '../thread/session.js'
import { EchoConnection } from './echo-connection.js'
import type { StringsPlan } from './strings.js'

class StringsConnection extends EchoConnection {
  readonly #plan: Resolved<StringsPlan>
  readonly #lengths: MessageLengths
  #sentAt = 0

  constructor(session: Session, plan: Resolved<StringsPlan>, number: number) {
    const charset = plan.charset === 'all' ? undefined : parseCharset(plan.charset)
    super(session, number, new PayloadStream(session.memory, { seed: plan.seed, connection: number, charset }))
    this.#plan = plan
    this.#lengths = new MessageLengths(plan.seed, number, plan.size)
  }

  protected begin(): void {
    this.#sendNext()
  }

  #sendNext(): void {
    this.#sentAt = performance.now()
    this.allow(this.limit + this.#lengths.next(), false)
  }

  protected override allEchoed(): void {
    if (this.closing) return
    this.session.messageEchoed(this, -1, this.#sentAt, performance.now())
    if (this.messages < this.#plan.messages) this.#sendNext()
    else this.allow(this.limit, true)
  }
}

export const stringsDriver: CreateDriver<StringsPlan> = (session, plan) => ({
  createConnection: number => new StringsConnection(session, plan, number),
})
