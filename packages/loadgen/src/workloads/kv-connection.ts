// The global of that name is a getter, which costs more than the call.
import { performance } from 'node:perf_hooks'
import { type Commands, longestCommandLine } from '../kv/commands.js'
import { type KvContext, KvReply } from '../kv/kv-reply.js'
import type { Preload } from '../kv/preload.js'
import type { Request } from '../kv/request.js'
import type { RequestChoice } from '../kv/request-choice.js'
import { flagsOf, headerBytes } from '../kv/value-content.js'
import type { Write } from '../kv/write-history.js'
import type { Resolved } from '../plan.js'
import type { Session } from '../thread/session.js'
import { BatchedSends } from './batched-sends.js'
import type { KvPlan } from './kv.js'
import type { MessageFlow } from './message-flow.js'
import { ReplyingConnection } from './replying-connection.js'

/** Sets on their way on one connection, and bytes of their values, while the store is filled. */
const preloadDepth = 32
const preloadBytes = 64 * 1024

/** What the connections of a thread have in common. */
export interface KvThread {
  readonly plan: Resolved<KvPlan>
  readonly commands: Commands
  readonly preload: Preload
  readonly flow: MessageFlow<KvConnection>
  readonly counts: { sets: number; hits: number; misses: number }
}

/** Sends gets and sets to a key-value store, and verifies every reply. */
export class KvConnection extends ReplyingConnection {
  readonly #thread: KvThread
  readonly #context: KvContext
  readonly #choice: RequestChoice
  readonly #target: number
  readonly #reply: KvReply
  readonly #sends: BatchedSends
  readonly #requests: Request[] = []
  #preloading = 0
  #leaving = false

  constructor(
    session: Session,
    number: number,
    thread: KvThread,
    { context, choice, target }: { context: KvContext; choice: RequestChoice; target: number }
  ) {
    super(session, number)
    this.#thread = thread
    this.#context = context
    this.#choice = choice
    this.#target = target
    this.#reply = new KvReply(context)
    this.#sends = new BatchedSends(session.sendSpace)
  }

  get waiting(): boolean {
    return this.established && this.#requests.length > 0
  }

  protected override get owed(): boolean {
    return this.#requests.length > 0
  }

  protected get mayClose(): boolean {
    return false
  }

  protected begin(): void {
    const { plan, flow } = this.#thread
    const depth = Math.min(preloadDepth, Math.ceil(preloadBytes / plan.valueSize.maximum))
    this.gathering = true
    for (let slot = 0; slot < depth && this.#preloadNext(performance.now()); slot++);
    for (let slot = 0; slot < plan.pipeline && !this.ended; slot++) flow.release(this)
    this.gathering = false
    this.flush()
  }

  /** True when there was another key to set. */
  #preloadNext(now: number): boolean {
    const key = this.#leaving || this.ended ? undefined : this.#thread.preload.take(this.#target, now)
    if (key === undefined) return false
    this.#preloading++
    this.#set(key, this.#choice.nextSize(), -1, now, true)
    return true
  }

  /** Chooses the next request, and returns its length in bytes. */
  chooseNext(): number {
    this.#choice.next()
    const { key, size } = this.#choice
    return size === 0 ? this.#thread.commands.getLength(key) : this.#thread.commands.setLength(key, size)
  }

  /** Sends the request that was chosen. */
  sendNext(due: number, now: number): void {
    const { key, size } = this.#choice
    if (size === 0) this.#get(key, due, now)
    else this.#set(key, size, due, now, false)
    if (!this.gathering) this.flush()
  }

  #get(key: number, due: number, now: number): void {
    const floor = this.#context.history.floorOf(key, this.number)
    this.#expect({ key, write: undefined, floor, due, sentAt: now, preload: false })
    const memory = this.#sends.room(this.socket, longestCommandLine)
    this.#sends.wrote(this.#thread.commands.writeGet(memory, this.#sends.start, key))
  }

  #set(key: number, size: number, due: number, now: number, preload: boolean): void {
    const write = this.#context.history.send(key, this.number, now)
    this.#expect({ key, write, floor: 0, due, sentAt: now, preload })
    const item = { key, size, flags: flagsOf(write.version) }
    const sends = this.#sends
    const { commands } = this.#thread
    const memory = sends.room(this.socket, longestCommandLine)
    sends.wrote(commands.writeSet(memory, sends.start, write, item))
    this.#writeValue(write, item)
    sends.wrote(commands.writeLineEnd(sends.room(this.socket, 2), sends.start))
  }

  #writeValue(write: Write, item: { key: number; size: number; flags: number }): void {
    const { values } = this.#context
    const sends = this.#sends
    let done = 0
    if (item.size >= headerBytes) {
      const memory = sends.room(this.socket, headerBytes)
      values.writeHeader(memory, sends.start, { ...write, size: item.size })
      sends.wrote(sends.start + headerBytes)
      done = headerBytes
    }
    while (done < item.size) {
      const memory = sends.room(this.socket, 1)
      const length = Math.min(memory.length - sends.start, item.size - done)
      values.fill(memory, sends.start, length, done, item)
      sends.wrote(sends.start + length)
      done += length
    }
  }

  #expect(request: Request): void {
    if (!this.waiting) this.restartClock()
    if (this.#requests.push(request) === 1) this.#reply.expect(request)
  }

  protected flush(): void {
    if (this.ended) {
      this.#sends.discard()
      return
    }
    const taken = this.#sends.flush(this.socket)
    if (taken > 0) this.progressed()
    this.sent += taken
  }

  override onWritable(): void {
    if (this.ended) return
    this.progressed()
    this.sent += this.#sends.resume(this.socket)
  }

  protected get expected(): KvReply | undefined {
    return this.#requests.length === 0 ? undefined : this.#reply
  }

  protected accept(reply: KvReply): void {
    const request = this.#requests.shift() as Request
    const [next] = this.#requests
    const { hit } = reply
    if (next !== undefined) reply.expect(next)
    const now = performance.now()
    if (request.write !== undefined) this.#context.history.confirm(request.write)
    if (request.preload) this.#preloaded(now)
    else this.#answered(request, hit, now)
    if (this.#leaving && this.#requests.length === 0) this.complete()
  }

  #preloaded(now: number): void {
    this.#preloading--
    this.#preloadNext(now)
    this.#thread.preload.confirmed(now)
  }

  #answered(request: Request, hit: boolean, now: number): void {
    const { counts, flow } = this.#thread
    const isSet = request.write !== undefined
    if (isSet) counts.sets++
    else if (hit) counts.hits++
    else counts.misses++
    this.session.messageEchoed(this, request.due, request.sentAt, now, isSet ? 'set' : 'get')
    if (!this.#leaving) flow.release(this, now)
  }

  override drain(): void {
    this.#leaving = true
    if (this.#requests.length === 0) this.complete()
  }

  protected override afterEnd(): void {
    this.#forgetPreload()
  }

  override abandon(): void {
    super.abandon()
    this.#forgetPreload()
  }

  #forgetPreload(): void {
    if (this.#preloading === 0) return
    const count = this.#preloading
    this.#preloading = 0
    this.#thread.preload.lost(count)
  }
}
