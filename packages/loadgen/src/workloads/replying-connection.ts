import type { Block, Socket, SystemError } from 'reactor'
import type { ExpectedReply } from '../protocols/expected-reply.js'
import { ServerWords } from '../protocols/server-words.js'
import { Connection } from '../thread/connection.js'

/** After a wrong byte, how long (ms) to wait for the ones behind it, which tell what happened. */
const examinationTime = 250

/** Verifies that the server says what it has to, one reply after the other. */
export abstract class ReplyingConnection extends Connection {
  /** Bytes of the reply that is coming. */
  #begun = 0
  /** What came where something else had to come, from the beginning of the reply on. */
  #words: ServerWords | undefined
  /** Whatever is to be sent goes together, at the end of what is being done. */
  protected gathering = false

  /** What has to come next; undefined: nothing. */
  protected abstract get expected(): ExpectedReply | undefined

  /** A reply has come, whole and right. */
  protected abstract accept(reply: ExpectedReply): void

  /** Sends what has been gathered. */
  protected abstract flush(): void

  /** The server has sent FIN, and that is as it has to be. */
  protected abstract get mayClose(): boolean

  get impatient(): boolean {
    return true
  }

  onRead(_socket: Socket, block: Block, start: number, length: number): void {
    if (this.ended) return
    this.progressed()
    this.received += length
    const bytes = block.memory.subarray(start, start + length)
    this.gathering = true
    if (this.#words === undefined) this.#read(bytes)
    else this.#listen(bytes)
    this.gathering = false
    this.flush()
  }

  #read(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && !this.ended; ) {
      const reply = this.expected
      if (reply === undefined) {
        this.#doubt(undefined, bytes.subarray(at))
        return
      }
      const end = reply.read(bytes, at)
      this.#begun += end - at
      at = end
      if (reply.state === 'wrong') {
        this.#doubt(reply, bytes.subarray(at))
        return
      }
      if (reply.state === 'right') {
        this.verified += this.#begun
        this.#begun = 0
        this.accept(reply)
      }
    }
  }

  /** Something else came: what it is, the bytes behind it tell. */
  #doubt(reply: ExpectedReply | undefined, rest: Uint8Array): void {
    this.#words = new ServerWords(reply, this.verified)
    this.session.loop.timer(examinationTime, () => this.#report())
    this.#listen(rest)
  }

  #listen(bytes: Uint8Array): void {
    this.#words?.add(bytes)
    if (this.#words?.enough === true) this.#report()
  }

  #report(): void {
    if (this.#words === undefined || this.ended) return
    const { kind, ...cause } = this.#words.fault()
    this.fail(kind, cause)
  }

  onEnd(): void {
    if (this.ended) return
    if (this.#words !== undefined) this.#report()
    else if (this.mayClose) this.complete()
    else this.fail('closed early', { story: `closed by the server ${this.soFar}` })
  }

  override onClose(socket: Socket, error: SystemError | undefined): void {
    if (this.#words !== undefined) this.#report()
    else super.onClose(socket, error)
  }

  override abandon(): void {
    if (this.#words === undefined) super.abandon()
    else this.#report()
  }
}
