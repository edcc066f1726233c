import { isConnectionError, isShortage } from '../linux/accept-errors.js'
import { EINTR } from '../linux/constants.js'
import { close } from '../linux/libc.js'
import { resetOnClose } from '../linux/socket-options.js'
import type { Listener, ListenOptions, Socket, SocketHandler } from '../loop.js'
import { SystemError } from '../system-error.js'
import { ECANCELED, IORING_CQE_F_MORE } from './abi.js'
import { accepting, pushAccept, pushCancel } from './operations.js'
import type { UringLoop } from './uring-loop.js'

/** A listening socket with one multishot accept; it rests when descriptors run out. */
export class UringListener implements Listener {
  readonly fd: number
  readonly slot: number
  readonly host: string
  readonly port: number
  /** On the loop's list of those to flush. */
  changed = false
  closed = false
  readonly #loop: UringLoop
  readonly #options: ListenOptions
  readonly #onConnection: (socket: Socket) => SocketHandler
  /** Accepted before the kernel had heard that the listener is paused. */
  readonly #held: number[] = []
  #inFlight = false
  #cancelled = false
  #paused = false
  #finished = false
  /** Accepting has failed for want of descriptors, and none has become free since. */
  #short = false
  /** The owner knows of the shortage, which lasts until nobody waits at the door any more. */
  #shortageTold = false
  #acceptTurn = 0

  constructor(
    loop: UringLoop,
    fd: number,
    slot: number,
    options: ListenOptions & { port: number },
    onConnection: (socket: Socket) => SocketHandler
  ) {
    this.#loop = loop
    this.fd = fd
    this.slot = slot
    this.host = options.host
    this.port = options.port
    this.#options = options
    this.#onConnection = onConnection
  }

  /** A connection has come, or none will come any more by the accept that was in flight. */
  onAccepted(result: number, flags: number): void {
    if ((flags & IORING_CQE_F_MORE) === 0) {
      this.#inFlight = false
      this.#cancelled = false
      this.#loop.change(this)
    }
    if (result < 0) this.#acceptFailed(-result)
    else if (this.closed) refuse(result)
    else if (this.#paused) this.#held.push(result)
    else this.#loop.adopt(result, this.port, this.#onConnection)
  }

  #acceptFailed(error: number): void {
    if (this.closed || error === ECANCELED || error === EINTR) return
    if (!isShortage(error)) {
      if (!isConnectionError(error)) throw SystemError.fromErrno('accept4', error)
      return
    }
    // An accept that came through its first turn has seen an empty door: this is a shortage of its own.
    if (this.#loop.turns > this.#acceptTurn + 1) this.#shortageTold = false
    this.#short = true
    this.#loop.awaitDescriptors(this)
    if (this.#shortageTold) return
    this.#shortageTold = true
    this.#options.onShortage?.(SystemError.fromErrno('accept4', error))
  }

  /** Descriptors have become free. */
  endShortage(): void {
    this.#short = false
    this.#loop.change(this)
  }

  pause(): void {
    this.#paused = true
    this.#loop.change(this)
  }

  resume(): void {
    this.#paused = false
    this.#loop.change(this)
    while (this.#held.length > 0 && !this.#paused) {
      this.#loop.adopt(this.#held.shift() as number, this.port, this.#onConnection)
    }
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    for (const fd of this.#held.splice(0)) refuse(fd)
    // At once: the accept in flight holds the socket open and would let in whoever comes. Not by shutdown(2), which would
    // end the same socket in every process that has inherited it.
    this.#cancel()
    this.#loop.ring.submit()
    close(this.fd)
    this.#loop.change(this)
  }

  #cancel(): void {
    if (!this.#inFlight || this.#cancelled) return
    this.#cancelled = true
    pushCancel(this.#loop.ring, accepting, this.slot)
  }

  /** Submits what the state calls for. Calls no owner. */
  flush(): void {
    if (this.#inFlight) {
      if (this.#paused) this.#cancel()
    } else if (this.closed) {
      if (this.#finished) return
      this.#finished = true
      this.#loop.forgetListener(this)
    } else if (!this.#paused && !this.#short) {
      this.#inFlight = true
      this.#acceptTurn = this.#loop.turns
      pushAccept(this.#loop.ring, this.fd, this.slot)
    }
  }
}

/** What the kernel does to those who wait at a door that closes. */
function refuse(fd: number): void {
  resetOnClose(fd)
  close(fd)
}
