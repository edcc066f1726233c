import { isConnectionError, isShortage } from '../linux/accept-errors.js'
import { EAGAIN, EINTR } from '../linux/constants.js'
import { errno } from '../linux/libc.js'
import { accept } from '../linux/socket-address.js'
import type { Listener, ListenOptions, Socket, SocketHandler } from '../loop.js'
import type { Ready } from '../ready-queue.js'
import { SystemError } from '../system-error.js'
import type { EpollLoop } from './epoll-loop.js'

/** Connections taken in one turn, so that a crowd at the door does not starve those inside. */
const acceptsPerTurn = 64

/** A listening socket: accepts until EAGAIN, and rests when descriptors run out. */
export class EpollListener implements Listener, Ready {
  readonly fd: number
  readonly generation: number
  readonly host: string
  readonly port: number
  queued = false
  closed = false
  readonly #loop: EpollLoop
  readonly #options: ListenOptions
  readonly #onConnection: (socket: Socket) => SocketHandler
  #waiting = false
  #paused = false
  /** Accepting has failed for want of descriptors, and none has become free since. */
  #short = false
  /** The owner knows of the shortage, which lasts until nobody waits at the door any more. */
  #shortageTold = false

  constructor(
    loop: EpollLoop,
    fd: number,
    generation: number,
    options: ListenOptions & { port: number },
    onConnection: (socket: Socket) => SocketHandler
  ) {
    this.#loop = loop
    this.fd = fd
    this.generation = generation
    this.host = options.host
    this.port = options.port
    this.#options = options
    this.#onConnection = onConnection
  }

  onEvents(): void {
    this.#waiting = true
    this.#proceed()
  }

  #proceed(): void {
    if (this.#waiting && !this.#short) this.#loop.ready.add(this)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#proceed()
  }

  /** Descriptors have become free. */
  endShortage(): void {
    if (!this.#short) return
    this.#short = false
    this.#proceed()
  }

  service(): void {
    for (let taken = 0; taken < acceptsPerTurn; taken++) {
      if (this.#paused || this.closed) return
      const fd = accept(this.fd)
      if (fd >= 0) this.#loop.adopt(fd, this.port, this.#onConnection)
      else if (this.#acceptFailed(errno())) return
    }
    this.#proceed()
  }

  /** True when there is nothing to be had for now. Errors of the connection itself are passed over (accept(2)). */
  #acceptFailed(error: number): boolean {
    if (error === EAGAIN) {
      this.#waiting = false
      this.#shortageTold = false
      return true
    }
    if (!isShortage(error)) {
      if (error !== EINTR && !isConnectionError(error)) throw SystemError.fromErrno('accept4', error)
      return false
    }
    this.#short = true
    this.#loop.awaitDescriptors(this)
    if (!this.#shortageTold) {
      this.#shortageTold = true
      this.#options.onShortage?.(SystemError.fromErrno('accept4', error))
    }
    return true
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.#loop.discardListener(this)
  }
}
