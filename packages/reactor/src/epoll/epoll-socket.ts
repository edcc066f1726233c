import type { Block } from '../arena.js'
import {
  EAGAIN,
  EINTR,
  EPOLLERR,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  MSG_NOSIGNAL,
  SHUT_WR,
} from '../linux/constants.js'
import { addressOf, errno, recv, send, shutdown } from '../linux/libc.js'
import { localPortOf, peerOf } from '../linux/socket-address.js'
import { resetOnClose, takeSocketError } from '../linux/socket-options.js'
import type { Socket, SocketHandler, Timer } from '../loop.js'
import { SystemError } from '../system-error.js'
import type { EpollLoop } from './epoll-loop.js'
import type { Ready } from './ready-queue.js'

const readable = 1
const writable = 2
/** `write` refused something, and its owner waits for `onWritable`. */
const writeRefused = 4
const connecting = 8
/** The kernel has said that FIN, or an error, is behind what can be read. */
const hungUp = 16
const readEnded = 32
const writeEnded = 64

/** A TCP connection whose readiness is remembered from one edge to the next. */
export class EpollSocket implements Socket, Ready {
  readonly fd: number
  readonly generation: number
  queued = false
  closed = false
  /** What ended the connection, for `onClose`. */
  failure: SystemError | undefined
  readonly #loop: EpollLoop
  #handler!: SocketHandler
  #state: number
  #demand = Number.POSITIVE_INFINITY
  #remoteAddress: string | undefined
  #connectTimer: Timer | undefined

  constructor(loop: EpollLoop, fd: number, generation: number, remoteAddress?: string) {
    this.#loop = loop
    this.fd = fd
    this.generation = generation
    // A new connection can be written to at once; whether it can be read from, the first edge tells.
    this.#state = remoteAddress === undefined ? writable : connecting
    this.#remoteAddress = remoteAddress
  }

  get handler(): SocketHandler {
    return this.#handler
  }

  set handler(handler: SocketHandler) {
    this.#handler = handler
  }

  get pendingBytes(): number {
    return 0
  }

  get remoteAddress(): string {
    this.#remoteAddress ??= peerOf(this.fd)
    return this.#remoteAddress
  }

  get localPort(): number {
    return localPortOf(this.fd)
  }

  /** Fails with `ETIMEDOUT` unless the connection stands after `timeout` milliseconds. */
  limitConnecting(timeout: number): void {
    this.#connectTimer = this.#loop.timer(timeout, () => {
      if (this.#state & connecting) this.fail(new SystemError('connect', 'ETIMEDOUT', this.remoteAddress))
    })
  }

  demand(bytes: number): void {
    this.#demand = bytes
    if (bytes > 0 && this.#state & readable && !this.closed) this.#loop.ready.add(this)
  }

  /** Takes an edge from epoll. On an error or hang-up both directions are woken: each learns of it from its own call. */
  onEvents(mask: number): void {
    if (mask & (EPOLLERR | EPOLLHUP)) this.#state |= readable | writable | hungUp
    if (mask & EPOLLRDHUP) this.#state |= readable | hungUp
    if (mask & EPOLLIN) this.#state |= readable
    if (mask & EPOLLOUT) this.#state |= writable
    if (mask & EPOLLERR && this.#demand === 0 && !(this.#state & connecting)) this.#failWithPendingError()
    else if (this.#canProgress()) this.#loop.ready.add(this)
  }

  #canProgress(): boolean {
    const state = this.#state
    if (state & connecting) return (state & writable) !== 0
    return (
      (state & readable && this.#demand > 0) !== 0 || (state & (writable | writeRefused)) === (writable | writeRefused)
    )
  }

  // A paused reader would never find out that its peer is gone.
  #failWithPendingError(): void {
    const error = takeSocketError(this.fd)
    if (error !== 0) this.fail(SystemError.fromErrno('recv', error, this.#remoteAddress))
  }

  service(): void {
    if (this.closed) return
    if (this.#state & connecting) {
      this.#finishConnecting()
      if (this.closed) return
    }
    if ((this.#state & (writable | writeRefused)) === (writable | writeRefused)) {
      this.#state &= ~writeRefused
      this.#handler.onWritable(this)
    }
    if (!this.closed && this.#state & readable && this.#demand > 0) this.#read()
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
    this.#handler.onConnect?.(this)
  }

  #read(): void {
    const block = this.#loop.readBlock
    const wanted = Math.min(this.#demand, block.size)
    const count = recv(this.fd, block.address, wanted, 0)
    if (count > 0) {
      // epoll(7) counts a short read on a stream as having seen EAGAIN; not so when FIN or an error stands behind it.
      if (count < wanted && !(this.#state & hungUp)) this.#state &= ~readable
      this.#handler.onRead(this, block, 0, count)
      if (block.leases > 1) this.#loop.replaceReadBlock()
    } else if (count === 0) {
      this.#state = (this.#state & ~readable) | readEnded
      this.#handler.onEnd(this)
    } else {
      this.#readFailed(errno())
    }
  }

  #readFailed(error: number): void {
    if (error === EAGAIN) this.#state &= ~readable
    else if (error !== EINTR) this.fail(SystemError.fromErrno('recv', error, this.#remoteAddress))
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

  #writeFailed(error: number): void {
    if (error === EAGAIN) this.#state &= ~writable
    else if (error === EINTR) this.#loop.ready.add(this)
    else this.fail(SystemError.fromErrno('send', error, this.#remoteAddress))
  }

  shutdown(): void {
    if (this.closed || this.#state & writeEnded) return
    this.#state = (this.#state | writeEnded) & ~writeRefused
    shutdown(this.fd, SHUT_WR)
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
