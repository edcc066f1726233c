import type { Socket, UnseenBytes } from '../loop.js'
import { forbidsSplice, KernelPipe } from './kernel-pipe.js'

/** As much as one read takes; a pipe has a page's reference for each 4 KiB of it. */
const passageSize = 256 * 1024

/**
 * Bytes at a time from which on a passage costs less than copying. Messages of 64 KiB, each of which is waited for, are
 * better read: 1.0 against 0.83 times what a C epoll echo does, since it takes one look in vain to know that all has come.
 */
export const leastBulk = 64 * 1024

/** For each loop. Who is slow may tie one down for as long as it likes, and then others are served by reading. */
const maximum = 32

/** Idle ones that keep their two descriptors. */
const mostIdle = 8

/** Milliseconds without new ones, when descriptors are short. */
const shortageRetry = 1000

/** A socket that can take what is in a passage. */
export interface PassageSink extends Socket {
  /** `write` for bytes that stand in a passage. */
  sendFrom(passage: Passage): number
}

/** A way from a socket into another one, through the kernel. */
export class Passage implements UnseenBytes {
  readonly #owner: Passages
  readonly #pipe = new KernelPipe(passageSize)
  /** Somebody has it. */
  lent = false

  constructor(owner: Passages) {
    this.#owner = owner
  }

  get length(): number {
    return this.#pipe.length
  }

  /** See `KernelPipe`. */
  fillFrom(fd: number, limit: number): number {
    return this.#pipe.fillFrom(fd, limit)
  }

  /** See `KernelPipe`. */
  emptyInto(fd: number): number {
    return this.#pipe.emptyInto(fd)
  }

  sendTo(socket: Socket): number {
    if (!('sendFrom' in socket)) throw new TypeError('these bytes can only go to a socket of the same loop')
    const sent = (socket as PassageSink).sendFrom(this)
    if (this.length === 0) this.#owner.takeBack(this)
    return sent
  }

  discard(): void {
    this.#owner.takeBack(this)
  }

  close(): void {
    this.#pipe.close()
  }
}

/** A loop's passages. Made when they are needed; an empty one serves whoever comes next. */
export class Passages {
  readonly #idle: Passage[] = []
  #made = 0
  /** None is made before this time, in milliseconds on the loop's clock. */
  #notBefore = 0

  /**
   * Takes in at most `limit` bytes of a socket. Returns the passage that they stand in, 0 after FIN, the negative errno,
   * or undefined when they have to be read: there is no passage to be had. `now` is the loop's, in milliseconds.
   */
  receive(fd: number, limit: number, now: number): Passage | number | undefined {
    const passage = this.take(now)
    if (passage === undefined) return undefined
    const count = passage.fillFrom(fd, limit)
    if (count > 0) return passage
    passage.discard()
    if (!forbidsSplice(-count)) return count
    this.close()
    return undefined
  }

  /** An empty one, or undefined when there is none to be had. */
  take(now: number): Passage | undefined {
    const passage = this.#idle.pop() ?? this.#make(now)
    if (passage !== undefined) passage.lent = true
    return passage
  }

  #make(now: number): Passage | undefined {
    if (now < this.#notBefore || this.#made === maximum) return undefined
    try {
      const passage = new Passage(this)
      this.#made++
      return passage
    } catch {
      // Reading does as well. Who cannot do without descriptors will tell of it.
      this.#notBefore = now + shortageRetry
      return undefined
    }
  }

  /** Called by a passage that nobody needs any more. Throws when it is nobody's: by now it might have been another's. */
  takeBack(passage: Passage): void {
    if (!passage.lent) throw new Error('unseen bytes were given up twice')
    passage.lent = false
    const wanted = this.#idle.length < mostIdle && this.#notBefore < Number.POSITIVE_INFINITY
    // What is still in it would come out first at the next one's.
    if (wanted && passage.length === 0) this.#idle.push(passage)
    else this.#dismiss(passage)
  }

  #dismiss(passage: Passage): void {
    passage.close()
    this.#made--
  }

  /** Gives back the descriptors of those that are idle, since others need them, and takes none for a while. */
  yieldDescriptors(now: number): void {
    this.#notBefore = Math.max(this.#notBefore, now + shortageRetry)
    for (const passage of this.#idle.splice(0)) this.#dismiss(passage)
  }

  /** There are none from now on. Those that somebody has are closed when they are given back. */
  close(): void {
    this.yieldDescriptors(Number.POSITIVE_INFINITY)
  }
}
