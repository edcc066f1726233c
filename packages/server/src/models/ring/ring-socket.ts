import { constants } from 'node:os'
import { type Block, type Ready, RingBuffer, type Socket, type SocketHandler, SystemError } from 'reactor'
import type { RingLoop } from './ring-loop.js'

const { EAGAIN, EINTR } = constants.errno

/** A connection as the thread that answers has it: what is read comes in slots, what is written goes straight out. */
export class RingSocket implements Socket, Ready {
  readonly id: number
  readonly fd: number
  readonly remoteAddress: string
  readonly localPort: number
  readonly pendingBytes = 0
  queued = false
  closed = false
  /** Undefined only while its owner is being asked for it. */
  handler!: SocketHandler
  /** What ended the connection, for `onClose`. */
  failure: SystemError | undefined
  readonly #loop: RingLoop
  #demand = Number.POSITIVE_INFINITY
  /** The other thread is not to read. */
  #paused = false
  /** What came while nothing was asked for. */
  #backlog: RingBuffer | undefined
  #readEnded = false
  #endTold = false
  /** As far as is known, the kernel takes more. */
  #writable = true
  /** `write` refused something, and the owner waits for `onWritable`. */
  #refused = false
  #writeEnded = false
  #watched = false

  constructor(loop: RingLoop, id: number, fd: number, localPort: number) {
    this.#loop = loop
    this.id = id
    this.fd = fd
    this.localPort = localPort
    this.remoteAddress = loop.descriptors.remoteAddressOf(fd)
  }

  /** Bytes have come in a slot, which is lent for the call. */
  deliver(block: Block, length: number): void {
    if (this.closed) return
    if (this.#demand > 0 && this.#backlog === undefined) {
      this.handler.onRead(this, block, 0, length)
      return
    }
    this.#backlog ??= new RingBuffer(this.#loop.arena, this.#loop.ringBytes)
    this.#backlog.push(block.memory, 0, length)
  }

  /** FIN has come. */
  end(): void {
    this.#readEnded = true
    this.#tellEnd()
  }

  demand(bytes: number): void {
    const before = this.#demand
    this.#demand = bytes
    if (this.closed || bytes === before) return
    if (bytes > 0) this.#loop.ready.add(this)
    else if (!this.#paused) {
      this.#paused = true
      this.#loop.notes.pause(this.id)
    }
  }

  /** The kernel takes more again, or has an error to tell, which the next `write` will find out. */
  onSinkReady(): void {
    this.#writable = true
    if (this.#refused) this.#loop.ready.add(this)
  }

  service(): void {
    if (!this.closed && this.#refused && this.#writable) {
      this.#refused = false
      this.handler.onWritable(this)
    }
    if (!this.closed && this.#demand > 0) this.#goOnReading()
  }

  #goOnReading(): void {
    const backlog = this.#backlog
    if (backlog?.front !== undefined) {
      const length = Math.min(backlog.frontLength, this.#demand)
      this.handler.onRead(this, backlog.front, backlog.frontStart, length)
      if (this.closed) return
      backlog.consume(length)
      if (backlog.length === 0) this.#backlog = undefined
      this.#loop.ready.add(this)
      return
    }
    this.#tellEnd()
    if (this.closed || !this.#paused) return
    this.#paused = false
    this.#loop.notes.resume(this.id)
    this.#loop.reader.wake()
  }

  #tellEnd(): void {
    if (this.closed || !this.#readEnded || this.#endTold) return
    if (this.#demand === 0 || this.#backlog !== undefined) return
    this.#endTold = true
    this.handler.onEnd(this)
  }

  write(block: Block, start: number, length: number): number {
    if (this.closed || this.#writeEnded) return 0
    if (!this.#writable) {
      this.#refused = true
      return 0
    }
    const count = this.#loop.descriptors.sendFrom(this.fd, block.address + start, length)
    if (count === length) return count
    this.#refused = true
    if (count >= 0 || count === -EAGAIN) this.#awaitRoom()
    else if (count === -EINTR) this.#loop.ready.add(this)
    else this.fail('send', -count)
    return Math.max(0, count)
  }

  // Only those who have once been full cost the loop a registration.
  #awaitRoom(): void {
    this.#writable = false
    if (this.#watched) return
    this.#watched = true
    this.#loop.watchSink(this)
  }

  shutdown(): void {
    if (this.closed || this.#writeEnded) return
    this.#writeEnded = true
    this.#refused = false
    this.#loop.descriptors.shutdownWriting(this.fd)
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.#backlog?.clear()
    this.#backlog = undefined
    this.#loop.discard(this)
  }

  abort(): void {
    if (this.closed) return
    this.#loop.descriptors.resetOnClose(this.fd)
    this.close()
  }

  /** Ends the connection because of an error, which `onClose` will hear at the end of the turn. */
  fail(syscall: string, errno: number): void {
    if (this.closed) return
    this.failure = SystemError.fromErrno(syscall, errno, this.remoteAddress)
    this.close()
  }
}
