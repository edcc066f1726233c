import { endianness } from 'node:os'
import { EINTR, EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_DEL } from '../linux/constants.js'
import { close, epollCreate1, epollCtl, epollWait, errno } from '../linux/libc.js'
import { mapScratch } from '../linux/mapped-memory.js'
import { SystemError } from '../system-error.js'

/** struct epoll_event is packed on x86-64 only (epoll_ctl(2), `__EPOLL_PACKED`): 12 bytes there, 16 elsewhere. */
const wordsPerEvent = process.arch === 'x64' ? 3 : 4
const dataWord = wordsPerEvent - 2
const littleEndian = endianness() === 'LE'
const maximumEvents = 1024

/**
 * An epoll instance (epoll(7)). Each registration carries its descriptor and a generation, so that an event that
 * was already fetched for a descriptor that has since been closed and reused is told apart.
 */
export class EpollEvents {
  readonly #fd: number
  readonly #event = mapScratch(16)
  readonly #memory = mapScratch(maximumEvents * 16)
  readonly #words = new Int32Array(this.#memory.view.buffer)

  /** Throws a SystemError. */
  constructor() {
    this.#fd = epollCreate1(EPOLL_CLOEXEC)
    if (this.#fd < 0) throw SystemError.fromErrno('epoll_create1', errno())
  }

  /** Registers a descriptor for `mask` until it is closed. Throws a SystemError. */
  add(fd: number, generation: number, mask: number): void {
    const { view, address } = this.#event
    view.setInt32(0, mask, littleEndian)
    view.setInt32(dataWord * 4, fd, littleEndian)
    view.setInt32(dataWord * 4 + 4, generation, littleEndian)
    if (epollCtl(this.#fd, EPOLL_CTL_ADD, fd, address) < 0) throw SystemError.fromErrno('epoll_ctl', errno())
  }

  /**
   * Ends a registration. Closing the descriptor does so too, but not while another process has one of the same socket
   * (epoll(7)).
   */
  remove(fd: number): void {
    epollCtl(this.#fd, EPOLL_CTL_DEL, fd, 0)
  }

  /** Waits up to `timeout` milliseconds (-1: for ever) and returns how many events came. Throws a SystemError. */
  wait(timeout: number): number {
    const count = epollWait(this.#fd, this.#memory.address, maximumEvents, timeout)
    if (count >= 0) return count
    const error = errno()
    if (error === EINTR) return 0
    throw SystemError.fromErrno('epoll_wait', error)
  }

  maskAt(index: number): number {
    return this.#words[index * wordsPerEvent] as number
  }

  descriptorAt(index: number): number {
    return this.#words[index * wordsPerEvent + dataWord] as number
  }

  generationAt(index: number): number {
    return this.#words[index * wordsPerEvent + dataWord + 1] as number
  }

  close(): void {
    close(this.#fd)
  }
}
