import { EAGAIN, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM, SOCK_CLOEXEC, SOCK_NONBLOCK } from '../linux/constants.js'
import { accept4, errno } from '../linux/libc.js'
import type { Listener, ListenOptions, Socket, SocketHandler } from '../loop.js'
import { SystemError } from '../system-error.js'
import type { EpollLoop } from './epoll-loop.js'
import type { Ready } from './ready-queue.js'

/** Connections taken in one turn, so that a crowd at the door does not starve those inside. */
const acceptsPerTurn = 64

/** Descriptors may also be freed by others than this loop, who do not tell; this is how often to look. */
const shortageRetry = 500

const shortages = new Set([EMFILE, ENFILE, ENOBUFS, ENOMEM])

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
  #short = false

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
    if (this.#waiting && !this.#paused && !this.#short && !this.closed) this.#loop.ready.add(this)
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
      const fd = accept4(this.fd, 0, 0, SOCK_NONBLOCK | SOCK_CLOEXEC)
      if (fd >= 0) this.#loop.adopt(fd, this.#onConnection)
      else if (this.#acceptFailed(errno())) return
    }
    this.#proceed()
  }

  /** True when there is nothing to be had for now. Errors of the connection itself are passed over (accept(2)). */
  #acceptFailed(error: number): boolean {
    if (error === EAGAIN) {
      this.#waiting = false
      return true
    }
    if (!shortages.has(error)) {
      if (error !== EINTR && !isConnectionError(error)) throw SystemError.fromErrno('accept4', error)
      return false
    }
    this.#short = true
    this.#loop.awaitDescriptors(this, shortageRetry)
    this.#options.onShortage?.(SystemError.fromErrno('accept4', error))
    return true
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.#loop.discardListener(this)
  }
}

const connectionErrors = new Set([
  'ECONNABORTED',
  'EPERM',
  'EPROTO',
  'ENOPROTOOPT',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENONET',
  'EOPNOTSUPP',
  'ETIMEDOUT',
])

function isConnectionError(error: number): boolean {
  return connectionErrors.has(SystemError.fromErrno('accept4', error).code)
}
