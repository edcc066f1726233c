import type { Block, Socket, SystemError } from 'reactor'
import { grouped } from '../grouped.js'
import { describeMismatch, mismatchBytes } from '../payload/mismatch.js'
import type { Payload } from '../payload/payload.js'
import { Connection } from '../thread/connection.js'
import type { Session } from '../thread/session.js'

/** What a connection sends before it lets others have their turn. */
const turnBytes = 1024 * 1024

/** The least that is generated for one write, whatever the kernel took last time. */
const smallestWrite = 4 * 1024

/** After a wrong byte, how long (ms) to wait for the ones behind it, which tell what happened. */
const examinationTime = 250

/**
 * Sends its stream as far as it is allowed to, and verifies that the same bytes come back. It keeps none of them:
 * what the kernel refused is generated again when there is room, which costs less than memory for every connection.
 */
export abstract class EchoConnection extends Connection {
  readonly #stream: Payload
  readonly #resume = () => {
    this.#resuming = false
    this.#send()
  }
  #resuming = false
  /** Offset up to which it may send. */
  #limit = 0
  /** Nothing will follow behind `#limit`: FIN does. */
  #last = false
  #finSent = false
  #reading = true
  /** The kernel refused something, and will tell when it takes more. */
  #blocked = false
  /** What is allowed goes together, at the end of what is being done. */
  #gathering = false
  #writeSize: number
  /** What came from the first wrong byte on. */
  #suspects: Uint8Array | undefined

  constructor(session: Session, connection: number, payload: Payload) {
    super(session, connection)
    this.#stream = payload
    this.#writeSize = session.sendSpace.most
  }

  /** FIN waits until everything has come back, instead of following the last byte. */
  protected get finAfterEcho(): boolean {
    return false
  }

  /** Everything that was allowed has been sent. */
  protected allSent(): void {}

  /** Everything that was allowed has come back. */
  protected allEchoed(): void {}

  protected get limit(): number {
    return this.#limit
  }

  protected get reading(): boolean {
    return this.#reading
  }

  /** Nothing more will be allowed. */
  protected get closing(): boolean {
    return this.#last
  }

  get waiting(): boolean {
    if (!this.established) return false
    return this.#blocked || (this.#reading && (this.sent > this.received || this.#finSent))
  }

  get impatient(): boolean {
    return this.#reading
  }

  /** May send up to offset `limit`; with `last` it closes its side behind that. */
  protected allow(limit: number, last: boolean): void {
    if (this.ended || this.#last) return
    if (!this.waiting) this.restartClock()
    this.#limit = limit
    this.#last = last
    if (!this.#gathering) this.#send()
  }

  /** What is allowed from now on waits for `sendGathered`. */
  protected gather(): void {
    this.#gathering = true
  }

  protected sendGathered(): void {
    this.#gathering = false
    this.#send()
  }

  /** Reads nothing until `startReading`. */
  protected stopReading(): void {
    this.#reading = false
    this.socket.demand(0)
  }

  override startReading(): void {
    if (this.#reading || this.ended || !this.established) return
    this.#reading = true
    this.restartClock()
    this.socket.demand(Number.POSITIVE_INFINITY)
  }

  override drain(): void {
    this.startReading()
    this.#last = false
    this.allow(this.sent, true)
  }

  #send(): void {
    let left = turnBytes
    while (this.sent < this.#limit && !this.#blocked && !this.ended) {
      if (left <= 0) {
        this.#sendLater()
        return
      }
      left -= this.#sendBlock(Math.min(this.#writeSize, this.#limit - this.sent))
    }
    if (this.sent < this.#limit || this.ended) return
    this.#finish()
    this.allSent()
  }

  #finish(): void {
    if (!this.#last || this.#finSent || (this.finAfterEcho && this.received < this.sent)) return
    this.#finSent = true
    this.socket.shutdown()
  }

  #sendLater(): void {
    if (this.#resuming) return
    this.#resuming = true
    this.session.loop.timer(0, this.#resume)
  }

  #sendBlock(length: number): number {
    const { sendSpace } = this.session
    const block = sendSpace.take(length)
    this.#stream.fill(block.memory, sendSpace.start, length, this.sent)
    const taken = this.socket.write(block, sendSpace.start, length)
    if (taken > 0) this.progressed()
    this.sent += taken
    if (taken === length) {
      this.#writeSize = Math.min(2 * this.#writeSize, sendSpace.most)
    } else {
      this.#writeSize = Math.max(taken, smallestWrite)
      this.#blocked = true
    }
    return length
  }

  override onWritable(): void {
    if (this.ended) return
    this.progressed()
    this.#blocked = false
    this.#send()
  }

  onRead(_socket: Socket, block: Block, start: number, length: number): void {
    if (this.ended) return
    this.progressed()
    const from = this.received
    this.received += length
    if (this.#suspects !== undefined) {
      this.#examine(block.memory.subarray(start, start + length))
      return
    }
    const owed = Math.min(length, this.sent - from)
    const mismatch = this.#stream.mismatch(block.memory, start, owed, from)
    const right = mismatch === -1 ? owed : mismatch
    this.verified += right
    if (right < length) this.#examine(block.memory.subarray(start + right, start + length))
    else if (this.received === this.#limit) {
      this.#finish()
      this.allEchoed()
    }
  }

  #examine(more: Uint8Array): void {
    if (this.#suspects === undefined) {
      this.#suspects = new Uint8Array(0)
      this.session.loop.timer(examinationTime, () => this.#reportMismatch())
    }
    this.#suspects = Buffer.concat([this.#suspects, more.subarray(0, mismatchBytes)])
    if (this.#suspects.length >= mismatchBytes) this.#reportMismatch()
  }

  #reportMismatch(): void {
    if (this.#suspects === undefined || this.ended) return
    const others = [...this.session.live]
      .filter(other => other !== this)
      .map(other => [other.number, other.sent] as const)
    const mismatch = describeMismatch(this.#stream, this.verified, this.sent, this.#suspects, others)
    const story = `wrong bytes at offset ${grouped(mismatch.offset)}: ${mismatch.explanation}`
    this.fail('wrong bytes', { story, mismatch })
  }

  onEnd(): void {
    if (this.ended) return
    if (this.#suspects !== undefined) this.#reportMismatch()
    else if (this.#finSent && this.received === this.sent) this.complete()
    else this.fail('closed early', { story: `closed by the server ${this.soFar}` })
  }

  override onClose(socket: Socket, error: SystemError | undefined): void {
    if (this.#suspects !== undefined) this.#reportMismatch()
    else super.onClose(socket, error)
  }

  override abandon(): void {
    if (this.#suspects === undefined) super.abandon()
    else this.#reportMismatch()
  }

  override stall(): void {
    if (!this.#finSent || this.received < this.sent) {
      super.stall()
      return
    }
    const patience = `${this.session.plan.stallTimeout / 1000} s`
    const story = `all ${grouped(this.sent)} bytes came back, but the server did not close within ${patience} of our FIN`
    this.fail('not closed', { story })
  }
}
