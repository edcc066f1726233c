// The global of that name is a getter, which costs more than the call.
import { performance } from 'node:perf_hooks'
import type { Block, Socket } from 'reactor'
import type { MessageLengths } from '../payload/message-lengths.js'
import type { Resolved } from '../plan.js'
import type { CreateDriver } from '../thread/driver.js'
import type { Session } from '../thread/session.js'
import { ConversationConnection, type Talk } from './conversation-connection.js'
import { EchoConnection } from './echo-connection.js'
import { createMessageFlow, type MessageFlow } from './message-flow.js'
import { type PayloadSource, payloadSource } from './payload-source.js'
import type { PingPongPlan } from './ping-pong.js'

class PingPongConnection extends EchoConnection {
  readonly lengths: MessageLengths
  readonly #flow: MessageFlow<Player>
  readonly #pipeline: number
  /** What is on its way, in the order in which it has to come back: a ring as long as the pipeline. */
  readonly #ends: Float64Array | number[]
  readonly #dues: Float64Array | number[]
  readonly #sentAts: Float64Array | number[]
  #first = 0
  #outstanding = 0
  #leaving = false

  constructor(session: Session, number: number, pipeline: number, source: PayloadSource, flow: MessageFlow<Player>) {
    super(session, number, source.payloadOf(number))
    this.lengths = source.lengthsOf(number)
    this.#flow = flow
    this.#pipeline = pipeline
    // A short array is faster and smaller than a typed one.
    const ring = () => (pipeline > 8 ? new Float64Array(pipeline) : Array.from({ length: pipeline }, () => 0.5))
    this.#ends = ring()
    this.#dues = ring()
    this.#sentAts = ring()
  }

  protected begin(): void {
    for (let slot = 0; slot < this.#pipeline && !this.ended; slot++) this.#flow.release(this)
  }

  sendMessage(size: number, due: number, now: number): void {
    const at = (this.#first + this.#outstanding) % this.#pipeline
    const end = this.limit + size
    this.#ends[at] = end
    this.#dues[at] = due
    this.#sentAts[at] = now
    this.#outstanding++
    this.allow(end, false)
  }

  override onRead(socket: Socket, block: Block, start: number, length: number): void {
    super.onRead(socket, block, start, length)
    if (this.#outstanding === 0 || this.verified < (this.#ends[this.#first] as number)) return
    const now = performance.now()
    this.gather()
    while (this.#outstanding > 0 && this.verified >= (this.#ends[this.#first] as number) && !this.ended) {
      this.#answered(now)
    }
    this.sendGathered()
  }

  #answered(now: number): void {
    const [due, sentAt] = [this.#dues[this.#first] as number, this.#sentAts[this.#first] as number]
    this.#first = (this.#first + 1) % this.#pipeline
    this.#outstanding--
    this.session.messageEchoed(this, due, sentAt, now)
    if (!this.#leaving) this.#flow.release(this, now)
    else if (this.#outstanding === 0) this.complete()
  }

  override drain(): void {
    this.#leaving = true
    if (this.#outstanding === 0) this.complete()
  }
}

/** The same in the words of a protocol. */
class PingPongTalker extends ConversationConnection {
  readonly lengths: MessageLengths
  readonly #flow: MessageFlow<Player>
  readonly #pipeline: number
  #leaving = false

  constructor(
    session: Session,
    number: number,
    plan: Pick<Resolved<PingPongPlan>, 'pipeline'>,
    talk: Talk,
    flow: MessageFlow<Player>,
    lengths: MessageLengths
  ) {
    super(session, number, talk)
    this.lengths = lengths
    this.#flow = flow
    this.#pipeline = plan.pipeline
  }

  protected ready(): void {
    for (let slot = 0; slot < this.#pipeline && !this.ended; slot++) this.#flow.release(this)
  }

  sendMessage(size: number, due: number, now: number): void {
    this.say(size, due, now)
  }

  protected answered(now: number): void {
    if (!this.#leaving) this.#flow.release(this, now)
    else if (this.outstanding === 0) this.leave()
  }

  override drain(): void {
    this.#leaving = true
    if (this.outstanding === 0) this.leave()
  }
}

type Player = PingPongConnection | PingPongTalker

export const pingPongDriver: CreateDriver<PingPongPlan> = (session, plan) => {
  const source = payloadSource(session, plan)
  const flow = createMessageFlow<Player>({
    session,
    plan,
    sizeOf: connection => connection.lengths.next(),
    begin: (connection, size, due, now) => connection.sendMessage(size, due, now),
  })
  return {
    duration: plan.duration,
    createConnection(number) {
      if (source.talkOf === undefined) return new PingPongConnection(session, number, plan.pipeline, source, flow)
      return new PingPongTalker(session, number, plan, source.talkOf(number), flow, source.lengthsOf(number))
    },
    traffic: at => flow.start(at),
    stop: complete => flow.stop(complete),
    lag: () => flow.lag(),
  }
}
