import { parseCharset } from '../payload/charset.js'
import { streamKey, wordAt } from '../payload/generator.js'
import type { Resolved } from '../plan.js'
import type { Driver, Session } from '../session.js'
import { EchoConnection } from './echo-connection.js'
import type { StringsPlan } from './strings.js'

/** An epoch whose bytes are beyond the reach of any run: its words choose the lengths. */
const lengthEpoch = 4095

class StringsConnection extends EchoConnection {
  readonly #plan: Resolved<StringsPlan>
  readonly #lengthKey
  #message = 0
  #sentAt = 0

  constructor(session: Session, plan: Resolved<StringsPlan>, number: number) {
    super(session, number, plan.charset === 'all' ? undefined : parseCharset(plan.charset))
    this.#plan = plan
    this.#lengthKey = streamKey(plan.seed, number, lengthEpoch)
  }

  protected begin(): void {
    this.#sendNext()
  }

  #sendNext(): void {
    this.#sentAt = this.session.loop.now
    const { minimum, maximum } = this.#plan.size
    const share = wordAt(this.#message, this.#lengthKey) / 2 ** 32
    this.allow(this.limit + minimum + Math.floor(share * (maximum - minimum + 1)), false)
  }

  protected override allEchoed(): void {
    if (this.closing) return
    this.session.tally.echo(this.session.loop.now - this.#sentAt)
    this.#message++
    if (this.#message < this.#plan.messages) this.#sendNext()
    else this.allow(this.limit, true)
  }
}

export const stringsDriver: Driver<StringsPlan> = {
  createConnection: (session, plan, number) => new StringsConnection(session, plan, number),
  done: ({ messages = 0 }, plan) => messages / (plan.clients * plan.messages),
  messages: plan => plan.clients * plan.messages,
}
