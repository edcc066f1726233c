import type { Block } from '../arena.js'
import {
  EAGAIN,
  EINTR,
  EPOLLERR,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDHUP,
  MSG_NOSIGNAL,
  SHUT_WR,
} from '../linux/constants.js'
import { addressOf, errno, recv, send, shutdown } from '../linux/libc.js'
import { leastBulk, type Passage, type PassageSink } from '../linux/passages.js'
import { localPortOf, type PeerAddress, peerText } from '../linux/socket-address.js'
import { resetOnClose, takeSocketError } from '../linux/socket-options.js'
import type { SocketHandler, Timer } from '../loop.js'
import type { Ready } from '../ready-queue.js'
import { SystemError } from '../system-error.js'
import type { EpollLoop } from './epoll-loop.js'

const readable = 1
const writable = 2
/** `write` refused something, and its owner waits for `onWritable`. */
const writeRefused = 4
const connecting = 8
/** FIN, an error or urgent data stands among what can be read: a short read does not prove that nothing follows. */
const interrupted = 16
/** The kernel has reported an error, which stands until a call of ours returns it. */
const errorPending = 32
const readEnded = 64
const writeEnded = 128
/** The last read took all that it could: what follows may pass through the kernel, if its owner does not want to see it. */
const bulk = 256

/**
 * Reads of one connection before it is the next one's turn: 1 MiB at most. With eight streams this takes 5 to 10 % less
 * CPU than a single read, for what has just been read is sent, and its pages freed, while it is in the cache.
 */
const readsInATurn = 4

/** More than any read takes. A small integer, since V8 keeps any other number in an object of its own. */
const unlimited = 2 ** 30

/** A TCP connection whose readiness is remembered from one edge to the next. */
export class EpollSocket implements PassageSink, Ready {
  readonly fd: number
  readonly generation: number
  queued = false
  closed = false
  /** Undefined only while the owner of an accepted connection is being asked for it. */
  handler!: SocketHandler
  /** What ended the connection, for `onClose`. */
  failure: SystemError | undefined
  readonly #loop: EpollLoop
  readonly #peer: PeerAddress
  #state: number
  #demand = unlimited
  #localPort: number
  #connectTimer: Timer | undefined

  /** An accepted connection has a local port; one without is still connecting. */
  constructor(loop: EpollLoop, fd: number, generation: number, peer: PeerAddress, localPort = 0) {
    this.#loop = loop
    this.fd = fd
    this.generation = generation
    this.#peer = peer
    this.#localPort = localPort
    // An accepted connection can be written to at once; whether it can be read from, the first edge tells.
    this.#state = localPort === 0 ? connecting : writable
  }

  get pendingBytes(): number {
    return 0
  }

  get remoteAddress(): string {
    return peerText(this.#peer)
  }

  get localPort(): number {
    // The descriptor of a closed socket may be another's by now.
    if (this.#localPort === 0 && !this.closed) this.#localPort = localPortOf(this.fd)
    return this.#localPort
  }

  /** Fails with `ETIMEDOUT` unless the connection stands after `timeout` milliseconds. */
  limitConnecting(timeout: number): void {
    if (this.closed) return
    this.#connectTimer = this.#loop.timer(timeout, () => {
      this.fail(new SystemError('connect', 'ETIMEDOUT', this.remoteAddress))
    })
  }

  demand(bytes: number): void {
    this.#demand = Math.min(bytes, unlimited) | 0
    if (!this.closed && this.#canProgress()) this.#loop.ready.add(this)
  }

  /** Takes an edge from epoll. On an error or hang-up both directions are woken: each learns of it from its own call. */
  onEvents(mask: number): void {
    if (mask & (EPOLLERR | EPOLLHUP)) this.#state |= readable | writable | interrupted
    if (mask & (EPOLLPRI | EPOLLRDHUP)) this.#state |= readable | interrupted
    if (mask & EPOLLIN) this.#state |= readable
    if (mask & EPOLLOUT) this.#state |= writable
    if (mask & EPOLLERR) this.#state |= errorPending
    if (this.#canProgress()) this.#loop.ready.add(this)
  }

  #willRead(): boolean {
    return this.#demand > 0 && (this.#state & readEnded) === 0
  }

  #canRead(): boolean {
    return (this.#state & readable) !== 0 && this.#willRead()
  }

  #canWriteAgain(): boolean {
    return (this.#state & (writable | writeRefused)) === (writable | writeRefused)
  }

  /** Who does not read, or not any more, would never find out that the peer is gone. */
  #mustAskForError(): boolean {
    return (this.#state & errorPending) !== 0 && !this.#willRead()
  }

  #canProgress(): boolean {
    if (this.#state & connecting) return (this.#state & writable) !== 0
    return this.#canRead() || this.#canWriteAgain() || this.#mustAskForError()
  }

  #failWithPendingError(): void {
    this.#state &= ~errorPending
    const error = takeSocketError(this.fd)
    const syscall = this.#state & readEnded ? 'send' : 'recv'
    if (error !== 0) this.fail(SystemError.fromErrno(syscall, error, this.remoteAddress))
  }

  service(): void {
    if (this.closed) return
    if (this.#state & connecting) this.#finishConnecting()
    if (!this.closed && this.#canWriteAgain()) {
      this.#state &= ~writeRefused
      this.handler.onWritable(this)
    }
    for (let reads = 0; reads < readsInATurn && !this.closed && this.#canRead(); reads++) {
      if ((this.#state & bulk) === 0 || !this.#pass()) this.#read()
    }
    if (!this.closed && this.#mustAskForError()) this.#failWithPendingError()
    if (!this.closed && this.#canProgress()) this.#loop.ready.add(this)
  }

  #finishConnecting(): void {
    const error = takeSocketError(this.fd)
    this.#connectTimer?.cancel()
    this.#connectTimer = undefined
    if (error !== 0) {
      this.fail(SystemError.fromErrno('connect', error, this.remoteAddress))
      return
    }
    this.#state &= ~connecting
    if (this.#state & writeEnded) shutdown(this.fd, SHUT_WR)
    this.handler.onConnect?.(this)
  }

  #read(): void {
    const block = this.#loop.readBlock
    const wanted = Math.min(this.#demand, block.size)
    const count = recv(this.fd, block.address, wanted, 0)
    if (count > 0) {
      // epoll(7): otherwise a short read on a stream is as good as EAGAIN.
      if (count < wanted && !(this.#state & interrupted)) this.#state &= ~readable
      if (count === wanted && count >= leastBulk) this.#state |= bulk
      this.handler.onRead(this, block, 0, count)
      if (block.leases > 1) this.#loop.replaceReadBlock()
    } else if (count === 0) {
      this.#end()
    } else {
      this.#readFailed(errno())
    }
  }

  /** Takes in bytes that its owner does not want to see; false when they have to be read. */
  #pass(): boolean {
    // Splicing stops for ever at urgent data (tcp_read_sock), where reading goes on behind it.
    if (this.handler.takesUnseen !== true || this.#state & interrupted) return false
    const passage = this.#loop.passages.receive(this.fd, this.#demand, this.#loop.now)
    if (passage === undefined) return false
    if (passage === 0) this.#end()
    else if (typeof passage === 'number') this.#readFailed(-passage)
    else {
      // Unlike a short read, fewer than asked for prove nothing: a pipe may be full of small packets.
      if (passage.length < leastBulk) this.#state &= ~bulk
      this.handler.onUnseen?.(this, passage)
    }
    return true
  }

  #end(): void {
    this.#state |= readEnded
    this.handler.onEnd(this)
  }

  #readFailed(error: number): void {
    if (error === EAGAIN) this.#state &= ~readable
    else if (error !== EINTR) this.fail(SystemError.fromErrno('recv', error, this.remoteAddress))
  }

  write(block: Block, start: number, length: number): number {
    if (this.closed || this.#state & writeEnded) return 0
    if ((this.#state & writable) === 0 || this.#state & connecting) {
      this.#state |= writeRefused
      return 0
    }
    const address = block.address === 0 ? addressOf(block.memory) : block.address
    const count = send(this.fd, address + start, length, MSG_NOSIGNAL)
    if (count === length) return count
    this.#state |= writeRefused
    if (count >= 0) {
      this.#state &= ~writable
      return count
    }
    this.#writeFailed(errno())
    return 0
  }

  sendFrom(passage: Passage): number {
    if (this.closed || this.#state & writeEnded) return 0
    let sent = 0
    while (passage.length > 0 && !this.closed && this.#state & writable && !(this.#state & connecting)) {
      const count = passage.emptyInto(this.fd)
      if (count > 0) sent += count
      else this.#writeFailed(-count)
    }
    if (passage.length > 0) this.#state |= writeRefused
    return sent
  }

  #writeFailed(error: number): void {
    if (error === EAGAIN) this.#state &= ~writable
    else if (error === EINTR) this.#loop.ready.add(this)
    else this.fail(SystemError.fromErrno('send', error, this.remoteAddress))
  }

  shutdown(): void {
    if (this.closed || this.#state & writeEnded) return
    this.#state = (this.#state | writeEnded) & ~writeRefused
    // Not while connecting, for that would undo it.
    if (!(this.#state & connecting)) shutdown(this.fd, SHUT_WR)
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.#connectTimer?.cancel()
    this.#loop.discard(this)
  }

  abort(): void {
    if (this.closed) return
    resetOnClose(this.fd)
    this.close()
  }

  /** Ends the connection because of an error, which `onClose` will hear at the end of the turn. */
  fail(error: SystemError): void {
    if (this.closed) return
    this.failure = error
    this.close()
  }
}
