import type { Block, Socket, SocketHandler, SystemError } from 'reactor'
import { grouped } from '../grouped.js'
import type { Mismatch } from '../payload/mismatch.js'
import { targetName } from '../plan.js'
import type { FailureKind, LoadFailure } from '../report.js'
import type { Session } from './session.js'

/** What is known of a failure besides the connection's own state. */
export interface FailureCause {
  /** What happened, to follow the target's name: `connection refused`. */
  readonly story: string
  readonly error?: SystemError | undefined
  readonly mismatch?: Mismatch
}

/** One connection of a run, on the loop's thread: what all workloads have in common. */
export abstract class Connection implements SocketHandler {
  /** Its number in the run, from 0. */
  readonly number: number
  sent = 0
  received = 0
  verified = 0
  /** Messages that came back whole and right. */
  messages = 0
  /** Established at some time. */
  established = false
  /** Completed, failed or abandoned: nothing more will come from it. */
  ended = false
  protected readonly session: Session
  #socket: Socket | undefined
  #openedAt = 0
  #progressAt = 0

  constructor(session: Session, number: number) {
    this.session = session
    this.number = number
  }

  /** The connection stands: begin. */
  protected abstract begin(): void
  abstract onRead(socket: Socket, block: Block, start: number, length: number): void
  abstract onEnd(socket: Socket): void
  /** True while the next move is the server's. */
  abstract get waiting(): boolean
  /** True while waiting without progress for too long is a failure. */
  abstract get impatient(): boolean

  /** Goes on to connect when nothing more is to be begun. */
  get finishesConnecting(): boolean {
    return false
  }

  /** Something is under way to the server, or owed by it. */
  protected get owed(): boolean {
    return this.sent > this.received
  }

  /** It has completed or failed, and the session knows. */
  protected afterEnd(_failed: boolean): void {}

  onWritable(): void {}

  /** From now on what comes back is read, where it was not so far. */
  startReading(): void {}

  /** Begins nothing more, and completes when all that is owed has come back. */
  drain(): void {
    this.complete()
  }

  protected get socket(): Socket {
    return this.#socket as Socket
  }

  /** Starts to connect. Throws a SystemError when no socket can be had. */
  open(): void {
    const { host, port } = this.session.addressOf(this)
    const { connectTimeout, sourceAddresses, noDelay } = this.session.plan
    const round = Math.floor(this.number / this.session.plan.targets.length)
    const localAddress = sourceAddresses[round % Math.max(1, sourceAddresses.length)]
    this.#openedAt = performance.now()
    this.#socket = this.session.loop.connect(
      {
        host,
        port,
        noDelay,
        ...(connectTimeout === 0 ? {} : { timeout: connectTimeout }),
        ...(localAddress === undefined ? {} : { localAddress }),
      },
      this
    )
  }

  onConnect(): void {
    if (this.ended) return
    this.established = true
    this.restartClock()
    this.session.connectionEstablished(this, performance.now() - this.#openedAt)
    this.begin()
  }

  onClose(_socket: Socket, error: SystemError | undefined): void {
    if (this.ended) return
    if (error === undefined) this.fail('closed early', { story: `closed ${this.soFar}` })
    else if (this.established) this.fail('reset', { story: this.#lossStory(error), error })
    else this.#failToConnect(error)
  }

  #lossStory(error: SystemError): string {
    // Whoever sends learns of an RST as EPIPE when another call has already taken the ECONNRESET.
    const reset = error.code === 'ECONNRESET' || error.code === 'EPIPE'
    return `connection ${reset ? `reset (${error.code})` : `lost (${error.message})`} ${this.soFar}`
  }

  #failToConnect(error: SystemError): void {
    if (error.code === 'ECONNREFUSED') this.fail('refused', { story: 'connection refused', error })
    else if (error.code === 'ETIMEDOUT') {
      this.fail('connect timeout', {
        story: `not connected within ${this.session.plan.connectTimeout / 1000} s`,
        error,
      })
    } else
      this.fail(error.code === 'ECONNRESET' ? 'reset' : 'other', { story: `cannot connect: ${error.message}`, error })
  }

  /** Milliseconds that the server has now been waited for without progress; 0 while it is not its turn. */
  get sinceProgress(): number {
    return this.waiting && !this.ended ? this.session.loop.now - this.#progressAt : 0
  }

  /** Bytes were sent or received. Call it while `waiting` is what it was before them. */
  protected progressed(): void {
    const now = this.session.loop.now
    if (this.waiting) this.session.tally.wait(now - this.#progressAt)
    this.#progressAt = now
  }

  /** The server's turn begins: time that passed before is not held against it. */
  protected restartClock(): void {
    this.#progressAt = this.session.loop.now
  }

  /** How far the connection has come, for a failure's message. */
  protected get soFar(): string {
    return `after ${grouped(this.sent)} bytes sent, ${grouped(this.verified)} verified`
  }

  /** Everything was as it had to be. */
  protected complete(): void {
    if (this.ended) return
    this.ended = true
    this.#close()
    this.session.connectionEnded(this, undefined)
    this.afterEnd(false)
  }

  fail(kind: FailureKind, cause: FailureCause): void {
    if (this.ended) return
    this.ended = true
    const { error, mismatch, story } = cause
    const target = this.session.targetOf(this)
    const which = this.established && this.session.planned > 1 ? `, connection ${this.number}` : ''
    const failure: LoadFailure = {
      kind,
      target,
      connection: this.number,
      sent: this.sent,
      verified: this.verified,
      ...(error === undefined ? {} : { syscall: error.syscall, code: error.code }),
      ...(mismatch === undefined ? {} : { mismatch }),
      at: this.session.elapsed,
      message: `${targetName(target)}${which}: ${story}`,
    }
    this.#close()
    this.session.connectionEnded(this, failure)
    this.afterEnd(true)
  }

  /** Ends it without a judgement. */
  abandon(): void {
    if (this.ended) return
    this.progressed()
    this.ended = true
    this.#close()
  }

  /** The server was waited for too long. */
  stall(): void {
    this.progressed()
    const patience = `${this.session.plan.stallTimeout / 1000} s`
    this.fail('stalled', { story: `no progress for ${patience} ${this.soFar}` })
  }

  // Bytes still under way would otherwise occupy both kernels, and the server, after the end of the run.
  #close(): void {
    if (this.#socket === undefined) return
    if (this.owed) this.#socket.abort()
    else this.#socket.close()
  }
}
