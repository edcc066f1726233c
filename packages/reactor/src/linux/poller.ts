import { endianness } from 'node:os'
import { SystemError } from '../system-error.js'
import { EINTR } from './constants.js'
import { declare, errno } from './libc.js'
import { mapScratch } from './mapped-memory.js'

/** poll(2); the timeout is in milliseconds, -1 for ever. */
const poll = declare<(entries: number, count: number, timeout: number) => number>('poll', 'int', [
  'uint64_t',
  'uint64_t',
  'int',
])

const entryBytes = 8
const littleEndian = endianness() === 'LE'
const longestWait = 2 ** 31 - 1

/** What to wait for, and what has come (poll(2)). Errors and hang-ups always come. */
export const pollEvents = { readable: 0x001, writable: 0x004, error: 0x008, hangUp: 0x010 } as const

/** A few descriptors that a thread waits for at the same time, blocking (poll(2)). Each has a fixed place. */
export class Poller {
  readonly #size: number
  readonly #scratch: { address: number; view: DataView }

  /** `size` places, none of which waits for anything yet. */
  constructor(size: number) {
    this.#size = size
    this.#scratch = mapScratch(size * entryBytes)
    for (let place = 0; place < size; place++) this.unset(place)
  }

  /** Waits for `events` of the descriptor from now on. */
  set(place: number, fd: number, events: number): void {
    const { view } = this.#scratch
    view.setInt32(place * entryBytes, fd, littleEndian)
    view.setInt16(place * entryBytes + 4, events, littleEndian)
  }

  /** Waits for nothing at this place. */
  unset(place: number): void {
    this.set(place, -1, 0)
  }

  /**
   * Blocks until something has come, or for `timeout` milliseconds (Infinity: for ever). Returns whether anything has.
   * May return sooner with nothing, when a signal came. Throws a SystemError.
   */
  wait(timeout: number): boolean {
    const limit = timeout === Number.POSITIVE_INFINITY ? -1 : Math.min(longestWait, Math.max(0, Math.ceil(timeout)))
    const count = poll(this.#scratch.address, this.#size, limit)
    if (count >= 0) return count > 0
    const error = errno()
    if (error !== EINTR) throw SystemError.fromErrno('poll', error)
    for (let place = 0; place < this.#size; place++) this.#scratch.view.setInt16(place * entryBytes + 6, 0)
    return false
  }

  /** What has come at this place, by the last `wait`; 0 for nothing. */
  at(place: number): number {
    return this.#scratch.view.getInt16(place * entryBytes + 6, littleEndian)
  }
}
