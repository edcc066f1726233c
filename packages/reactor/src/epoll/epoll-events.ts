import { endianness } from 'node:os'
import { EINTR, EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_DEL, SYS_epoll_pwait2 } from '../linux/constants.js'
import { close, epollCreate1, epollCtl, epollWait, errno, systemCall } from '../linux/libc.js'
import { mapScratch } from '../linux/mapped-memory.js'
import { timespecBytes, writeTimespec } from '../linux/timespec.js'
import { SystemError } from '../system-error.js'

/** struct epoll_event is packed on x86-64 only (epoll_ctl(2), `__EPOLL_PACKED`): 12 bytes there, 16 elsewhere. */
const wordsPerEvent = process.arch === 'x64' ? 3 : 4
/** At most, on any architecture. */
const eventBytes = 16
const dataWord = wordsPerEvent - 2
const littleEndian = endianness() === 'LE'
const maximumEvents = 1024

/** The longest that epoll_wait(2) can wait, in milliseconds. */
const longestWait = 2 ** 31 - 1

/**
 * An epoll instance (epoll(7)). Each registration carries its descriptor and a generation, so that an event that
 * was already fetched for a descriptor that has since been closed and reused is told apart.
 */
export class EpollEvents {
  /** `wait` keeps to fractions of a millisecond. */
  readonly fine: boolean
  readonly #fd: number
  /** A `struct epoll_event`, and behind it a `struct timespec`. */
  readonly #argument = mapScratch(eventBytes + timespecBytes)
  readonly #memory = mapScratch(maximumEvents * eventBytes)
  readonly #words = new Int32Array(this.#memory.view.buffer)

  /** `fine`: waits finely where the kernel can. Throws a SystemError. */
  constructor({ fine = true } = {}) {
    this.#fd = epollCreate1(EPOLL_CLOEXEC)
    if (this.#fd < 0) throw SystemError.fromErrno('epoll_create1', errno())
    // An old kernel does not know the call (ENOSYS), an old sandbox may forbid what it does not know (EPERM).
    this.fine = fine && this.#waitFinely(0) === 0
  }

  /** Registers a descriptor for `mask` until it is closed. Throws a SystemError. */
  add(fd: number, generation: number, mask: number): void {
    const { view, address } = this.#argument
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

  /**
   * Waits up to `timeout` milliseconds (fractions too; 0 only looks, -1: for ever) and returns how many events
   * came. Where the kernel waits for whole milliseconds only, it returns up to one early. Throws a SystemError.
   */
  wait(timeout: number): number {
    const count = this.fine && timeout > 0 ? this.#waitFinely(timeout) : this.#wait(timeout)
    if (count >= 0) return count
    const error = errno()
    if (error === EINTR) return 0
    throw SystemError.fromErrno('epoll_wait', error)
  }

  #wait(timeout: number): number {
    return epollWait(this.#fd, this.#memory.address, maximumEvents, Math.min(longestWait, Math.floor(timeout)))
  }

  /** epoll_pwait2(2), Linux 5.11. */
  #waitFinely(timeout: number): number {
    const { view, address } = this.#argument
    writeTimespec(view, eventBytes, timeout)
    return systemCall(SYS_epoll_pwait2, this.#fd, this.#memory.address, maximumEvents, address + eventBytes, 0, 0)
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
