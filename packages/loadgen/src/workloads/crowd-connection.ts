import type { Block, Socket } from 'reactor'
import type { CrowdProof } from '../report.js'
import { Connection } from '../thread/connection.js'
import type { CreateDriver } from '../thread/driver.js'
import type { Session } from '../thread/session.js'
import { ConversationConnection } from './conversation-connection.js'
import type { CrowdPlan } from './crowd.js'
import { EchoConnection } from './echo-connection.js'
import { type PayloadSource, payloadSource } from './payload-source.js'
import { replyPattern } from './reply-pattern.js'

/** A reply without a newline for so long is none. */
const longestReply = 64 * 1024

const newline = 10

/** A client that is told when all are there. */
interface CrowdMember extends Connection {
  /** Nothing has come that answers a message. */
  readonly unanswered: boolean
  send(size: number): void
}

/** It is answered in the words of a protocol. A greeting is no answer, and may come before or after all are there. */
class TalkingMember extends ConversationConnection implements CrowdMember {
  #size = 0

  get unanswered(): boolean {
    return this.messages === 0
  }

  send(size: number): void {
    this.#size = size
    if (this.greeted) this.ready()
  }

  protected ready(): void {
    if (this.#size > 0) this.say(this.#size, -1, performance.now())
  }

  protected answered(): void {
    this.leave()
  }
}

/** Its own message has to come back. */
class EchoingMember extends EchoConnection implements CrowdMember {
  #sentAt = 0

  get unanswered(): boolean {
    return this.received === 0
  }

  protected begin(): void {}

  send(size: number): void {
    this.#sentAt = performance.now()
    this.allow(size, false)
  }

  protected override allEchoed(): void {
    this.session.messageEchoed(this, -1, this.#sentAt, performance.now())
    this.complete()
  }
}

/** What comes back has to match a pattern. */
class AnsweredMember extends Connection implements CrowdMember {
  readonly #pattern: RegExp
  readonly #source: PayloadSource
  #reply = Buffer.alloc(0)
  #size = 0
  #sentAt = 0

  constructor(session: Session, number: number, source: PayloadSource, pattern: RegExp) {
    super(session, number)
    this.#source = source
    this.#pattern = pattern
  }

  get unanswered(): boolean {
    return this.received === 0
  }

  get waiting(): boolean {
    return this.established && this.#size > 0
  }

  get impatient(): boolean {
    return true
  }

  protected begin(): void {}

  send(size: number): void {
    this.#size = size
    this.#sentAt = performance.now()
    this.restartClock()
    this.#sendRest()
  }

  #sendRest(): void {
    const payload = this.#source.payloadOf(this.number)
    const { sendSpace } = this.session
    while (this.sent < this.#size && !this.ended) {
      const length = Math.min(sendSpace.most, this.#size - this.sent)
      const block = sendSpace.take(length)
      payload.fill(block.memory, sendSpace.start, length, this.sent)
      const taken = this.socket.write(block, sendSpace.start, length)
      this.sent += taken
      if (taken < length) return
    }
  }

  override onWritable(): void {
    this.progressed()
    this.#sendRest()
  }

  onRead(_socket: Socket, block: Block, start: number, length: number): void {
    if (this.ended) return
    this.progressed()
    this.received += length
    this.#reply = Buffer.concat([this.#reply, block.memory.subarray(start, start + length)])
    if (this.#reply.includes(newline) || this.#reply.length > longestReply) this.#judge()
  }

  onEnd(): void {
    if (this.ended) return
    if (this.#reply.length > 0) this.#judge()
    else this.fail('closed early', { story: `closed by the server ${this.soFar}` })
  }

  #judge(): void {
    const end = this.#reply.indexOf(newline)
    const reply = this.#reply.toString('latin1', 0, end === -1 ? undefined : end).replace(/\r$/, '')
    if (this.#size === 0 || !this.#pattern.test(reply)) {
      const story = `the reply ${JSON.stringify(reply.slice(0, 80))} does not match ${this.#pattern.source}`
      this.fail('wrong bytes', { story })
      return
    }
    this.verified = this.received
    this.session.messageEchoed(this, -1, this.#sentAt, performance.now())
    this.complete()
  }
}

export const crowdDriver: CreateDriver<CrowdPlan> = (session, plan) => {
  const source = payloadSource(session, plan)
  const pattern = plan.reply === '' ? undefined : replyPattern(plan.reply)
  let proof: CrowdProof | undefined
  let instant = 0
  return {
    createConnection(number) {
      if (source.talkOf !== undefined) return new TalkingMember(session, number, source.talkOf(number))
      if (pattern === undefined) return new EchoingMember(session, number, source.payloadOf(number))
      return new AnsweredMember(session, number, source, pattern)
    },
    traffic(at) {
      instant = at
      // Whoever is here now, unanswered, and was established before that instant, was so at that instant.
      const members = [...session.live] as CrowdMember[]
      const there = members.filter(({ established, unanswered }) => established && unanswered)
      const received = members.reduce((sum, member) => sum + member.received, 0)
      proof = { atOnce: there.length, at: session.elapsedAt(at), received, answeredAfter: 0 }
      // Where some have failed it is no crowd, and the report says so; what becomes of the others is still told.
      for (const member of there) member.send(source.lengthsOf(member.number).next())
    },
    crowd: () => proof && { ...proof, answeredAfter: performance.now() - instant },
  }
}
