// The global of that name is a getter, which costs more than the call.
import { performance } from 'node:perf_hooks'
import { grouped } from '../grouped.js'
import type { Payload } from '../payload/payload.js'
import type { ExpectedReply } from '../protocols/expected-reply.js'
import type { Conversation } from '../protocols/message-protocol.js'
import type { Session } from '../thread/session.js'
import { ReplyingConnection } from './replying-connection.js'
import { SendQueue } from './send-queue.js'

/** A message on its way. */
interface Outstanding {
  readonly reply: ExpectedReply
  readonly due: number
  readonly sentAt: number
}

/** What a connection needs to talk: its side of the protocol, and its texts. */
export interface Talk {
  readonly conversation: Conversation
  readonly texts: Payload
  /** Bytes of a frame besides its text. */
  readonly overhead: number
}

/** Says messages in a protocol, and verifies that the server answers each as it has to. */
export abstract class ConversationConnection extends ReplyingConnection {
  readonly #talk: Talk
  readonly #queue: SendQueue
  readonly #outstanding: Outstanding[] = []
  #greeting: ExpectedReply | undefined
  /** Bytes of texts said. */
  #said = 0
  #leaving = false

  constructor(session: Session, number: number, talk: Talk) {
    super(session, number)
    this.#talk = talk
    this.#queue = new SendQueue(session.sendSpace)
    this.#greeting = talk.conversation.greeting?.()
  }

  /** The connection stands, and the server has said what it says first. */
  protected abstract ready(): void

  /** A reply has come, whole and right. */
  protected abstract answered(now: number): void

  get waiting(): boolean {
    return this.established && (this.#greeting !== undefined || this.#outstanding.length > 0 || this.#leaving)
  }

  /** Messages on their way. */
  protected get outstanding(): number {
    return this.#outstanding.length
  }

  protected override get owed(): boolean {
    return this.#outstanding.length > 0
  }

  /** The server owes no greeting. */
  protected get greeted(): boolean {
    return this.#greeting === undefined
  }

  protected begin(): void {
    this.restartClock()
    if (this.#greeting === undefined) this.ready()
  }

  /** Sends a message whose frame has `size` bytes, due at `due` of the thread's clock (-1: whenever). */
  protected say(size: number, due: number, now: number): void {
    const text = Buffer.allocUnsafe(size - this.#talk.overhead)
    this.#talk.texts.fill(text, 0, text.length, this.#said)
    this.#said += text.length
    const { frame, reply } = this.#talk.conversation.say(text)
    if (!this.waiting) this.restartClock()
    this.#outstanding.push({ reply, due, sentAt: now })
    this.#queue.add(frame)
    if (!this.gathering) this.flush()
  }

  /** Says goodbye, where the protocol has one, and completes when the server has closed; else at once. */
  protected leave(): void {
    const { goodbye } = this.#talk.conversation
    if (goodbye === undefined || !this.greeted) {
      this.complete()
      return
    }
    if (this.#leaving || this.ended) return
    this.restartClock()
    this.#leaving = true
    this.#queue.add(goodbye)
    if (!this.gathering) this.flush()
  }

  protected flush(): void {
    if (this.ended) return
    const taken = this.#queue.writeTo(this.socket)
    if (taken > 0) this.progressed()
    this.sent += taken
  }

  override onWritable(): void {
    if (this.ended) return
    this.progressed()
    this.#queue.resume()
    this.flush()
  }

  protected get expected(): ExpectedReply | undefined {
    return this.#greeting ?? this.#outstanding[0]?.reply
  }

  protected accept(reply: ExpectedReply): void {
    if (reply === this.#greeting) {
      this.#greeting = undefined
      this.ready()
      return
    }
    const { due, sentAt } = this.#outstanding.shift() as Outstanding
    const now = performance.now()
    this.session.messageEchoed(this, due, sentAt, now)
    this.answered(now)
  }

  protected get mayClose(): boolean {
    return this.#leaving && this.#outstanding.length === 0
  }

  override stall(): void {
    if (!this.#leaving) {
      super.stall()
      return
    }
    const patience = `${this.session.plan.stallTimeout / 1000} s`
    const story = `${grouped(this.messages)} messages were answered, but the server did not close within ${patience} of our goodbye`
    this.fail('not closed', { story })
  }
}
