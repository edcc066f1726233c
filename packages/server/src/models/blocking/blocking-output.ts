import type { TcpStream } from 'reactor'
import type { Output } from '../../protocols/protocol.js'
import type { BlockingWorker } from './blocking-worker.js'

/** Why a connection is over before its session has closed it. */
export type Break =
  | { readonly kind: 'error'; readonly cause: string }
  | { readonly kind: 'late' }
  | { readonly kind: 'cut-off' }
  | { readonly kind: 'aborted'; readonly reason: string }

/** Input from here on is sent from where it lies, without a copy. */
const worthNoCopy = 4096

/**
 * What a session says, collected in the worker's buffer until it is full or `flush` is called. Sending blocks until the
 * client has taken everything: then the worker serves nobody else, which is this kind of model's nature. What limits it
 * is the idle timeout, and the grace of a stop.
 */
export class BlockingOutput implements Output {
  /** The session has closed. */
  closed = false
  /** Why nothing more can be sent. */
  broken: Break | undefined
  bytesOut = 0
  /** Bytes that were written and could not be sent. */
  lostBytes = 0
  readonly #stream: TcpStream
  readonly #worker: BlockingWorker
  #length = 0
  /** What the session has put off to the end of the turn. */
  #putOff: (() => void) | undefined

  constructor(stream: TcpStream, worker: BlockingWorker) {
    this.#stream = stream
    this.#worker = worker
  }

  /** Whether the conversation has come to its end. */
  get over(): boolean {
    return this.closed || this.broken !== undefined
  }

  get ready(): boolean {
    return !this.over
  }

  write(bytes: Uint8Array): void {
    if (this.closed) return
    const { buffers } = this.#worker
    const address = bytes.length < worthNoCopy ? undefined : buffers.inputAddressOf(bytes)
    if (address !== undefined) {
      this.flush()
      this.#send(address, bytes.length)
      return
    }
    for (let done = 0; done < bytes.length; ) {
      if (this.#length === buffers.output.length) this.flush()
      const part = bytes.subarray(done, done + buffers.output.length - this.#length)
      buffers.output.set(part, this.#length)
      this.#length += part.length
      done += part.length
    }
  }

  close(): void {
    this.closed = true
  }

  abort(reason: string): void {
    const { remoteAddress } = this.#stream
    this.closed = true
    this.#length = 0
    this.fail({ kind: 'aborted', reason })
    const text = `${remoteAddress}: ${reason}; reset`
    this.#worker.tell({ kind: 'report', report: { kind: 'log', level: 'warn', text } })
  }

  stopServer(): void {
    this.#worker.tell({ kind: 'stop-asked', remoteAddress: this.#stream.remoteAddress })
  }

  /** Really blocks. What was said before, or put off, goes out first. */
  work(then: () => void): void {
    if (this.#worker.delay > 0) {
      this.endTurn()
      this.flush()
      this.#worker.duty.sleep(this.#worker.delay)
      if (this.#worker.isCutOff) this.fail({ kind: 'cut-off' })
    }
    if (!this.over) then()
  }

  atTurnEnd(then: () => void): void {
    this.#putOff = then
  }

  /** What came by one read is a turn here, since nothing else comes meanwhile. */
  endTurn(): void {
    while (this.#putOff !== undefined) {
      const then = this.#putOff
      this.#putOff = undefined
      then()
    }
  }

  /** Sends what has been collected; when this returns it is sent, or the output is broken. */
  flush(): void {
    const length = this.#length
    this.#length = 0
    if (length > 0) this.#send(this.#worker.buffers.outputAddress, length)
  }

  /** Ends the conversation. Only the first reason counts. */
  fail(cause: Break): void {
    this.broken ??= cause
  }

  #send(address: number, length: number): void {
    let sent = 0
    try {
      while (sent < length && this.broken === undefined) {
        const count = this.#stream.send(address + sent, length - sent)
        if (count >= 0) sent += count
        else this.#awaitRoom(length - sent)
      }
    } catch (error) {
      this.fail({ kind: 'error', cause: (error as Error).message })
    }
    this.bytesOut += sent
    this.#worker.counters.bytesOut.add(sent)
    this.lostBytes += length - sent
  }

  #awaitRoom(held: number): void {
    const { duty, counters, limits, descriptors } = this.#worker
    const idleEnd = performance.now() + limits.idleTimeout
    counters.heldBytes.add(held)
    while (this.broken === undefined) {
      const left = Math.min(idleEnd, duty.deadline) - performance.now()
      if (this.#worker.isCutOff) this.fail({ kind: 'cut-off' })
      else if (left <= 0) this.#failLate()
      else if (duty.wait(this.#stream.fd, descriptors.pollEvents.writable, left) !== 0) break
    }
    counters.heldBytes.add(-held)
  }

  #failLate(): void {
    this.#worker.counters.idle.add()
    this.fail({ kind: 'late' })
  }
}
