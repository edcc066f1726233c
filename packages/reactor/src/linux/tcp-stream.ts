import { SystemError } from '../system-error.js'
import { EAGAIN, EINTR, MSG_NOSIGNAL, SHUT_WR } from './constants.js'
import { close, errno, recv, send, shutdown } from './libc.js'
import { accept, localPortOf, peerOf, peerText } from './socket-address.js'
import { resetOnClose } from './socket-options.js'

/** What `receive` returns when nothing has come, and `send` when there is no room. */
export const notNow = -1

/**
 * A connected socket without a loop: for who waits for it himself. Its calls never block, and never raise SIGPIPE.
 */
export class TcpStream {
  readonly fd: number
  /** `host:port`, or an empty string when the connection is gone already. */
  readonly remoteAddress: string
  #closed = false

  constructor(fd: number) {
    this.fd = fd
    this.remoteAddress = peerText(peerOf(fd))
  }

  get localPort(): number {
    return this.#closed ? 0 : localPortOf(this.fd)
  }

  get closed(): boolean {
    return this.#closed
  }

  /**
   * Reads at most `length` bytes to `address` (recv(2)). Returns how many, 0 after FIN, or `notNow`.
   * Throws a SystemError such as `ECONNRESET`.
   */
  receive(address: number, length: number): number {
    const count = recv(this.fd, address, length, 0)
    return count >= 0 ? count : this.#failed('recv')
  }

  /** Writes at most `length` bytes from `address` (send(2)). Returns how many, or `notNow`. Throws a SystemError. */
  send(address: number, length: number): number {
    const count = send(this.fd, address, length, MSG_NOSIGNAL)
    return count >= 0 ? count : this.#failed('send')
  }

  #failed(syscall: string): number {
    const error = errno()
    if (error === EAGAIN || error === EINTR) return notNow
    throw SystemError.fromErrno(syscall, error, this.remoteAddress)
  }

  /** Sends FIN. Reading goes on. */
  shutdown(): void {
    if (!this.#closed) shutdown(this.fd, SHUT_WR)
  }

  /** Closes both directions; bytes that nobody has read make the kernel send RST. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    close(this.fd)
  }

  /** Closes with RST; what is still on its way out is discarded. */
  abort(): void {
    if (this.#closed) return
    resetOnClose(this.fd)
    this.close()
  }
}

/**
 * Takes a connection from a listening socket (accept4(2)): its descriptor, or undefined when nobody waits, which also
 * means that another process was faster. Throws a SystemError, of which those of the connection itself
 * (`ECONNABORTED`) and shortages (`EMFILE`) are no reason to give up.
 */
export function acceptDescriptor(listener: number): number | undefined {
  const fd = accept(listener)
  if (fd >= 0) return fd
  const error = errno()
  if (error === EAGAIN || error === EINTR) return undefined
  throw SystemError.fromErrno('accept4', error)
}

/**
 * recv(2) for who keeps bare descriptors and makes no object for each call: how many bytes came, 0 after FIN, or the
 * negative errno.
 */
export function receiveInto(fd: number, address: number, length: number): number {
  const count = recv(fd, address, length, 0)
  return count >= 0 ? count : -errno()
}

/** send(2), likewise; never raises SIGPIPE. */
export function sendFrom(fd: number, address: number, length: number): number {
  const count = send(fd, address, length, MSG_NOSIGNAL)
  return count >= 0 ? count : -errno()
}

/** Sends FIN (shutdown(2)). */
export function shutdownWriting(fd: number): void {
  shutdown(fd, SHUT_WR)
}
