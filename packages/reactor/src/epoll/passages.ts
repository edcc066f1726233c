import { KernelPipe } from '../linux/kernel-pipe.js'
import type { Socket, UnseenBytes } from '../loop.js'
import { EpollSocket } from './epoll-socket.js'

/** As much as one read takes; a pipe has a page's reference for each 4 KiB of it. */
const passageSize = 256 * 1024

/** For each loop. Who is slow may tie one down for as long as it likes, and then others are served by reading. */
const maximum = 32

/** Idle ones that keep their two descriptors. */
const mostIdle = 8

/** Milliseconds without new ones, when descriptors are short. */
const shortageRetry = 1000

/** A way from a socket into another one, through the kernel. */
export class Passage implements UnseenBytes {
  readonly #owner: Passages
  readonly #pipe = new KernelPipe(passageSize)

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
    if (!(socket instanceof EpollSocket)) throw new TypeError('these bytes can only go to a socket of the same loop')
    const sent = socket.sendFrom(this)
    if (this.length === 0) this.#owner.takeBack(this)
    return sent
  }

  discard(): void {
    if (this.length === 0) this.#owner.takeBack(this)
    else this.#owner.dismiss(this)
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

  /** An empty passage, or undefined where there is none to be had. */
  take(now: number): Passage | undefined {
    return this.#idle.pop() ?? this.#make(now)
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

  /** Called by a passage that is empty. */
  takeBack(passage: Passage): void {
    const unwanted = this.#idle.length === mostIdle || this.#notBefore === Number.POSITIVE_INFINITY
    if (unwanted) this.dismiss(passage)
    else this.#idle.push(passage)
  }

  /** Called by a passage whose content nobody wants. */
  dismiss(passage: Passage): void {
    passage.close()
    this.#made--
  }

  /** Gives back the descriptors of those that are idle, since others need them, and takes none for a while. */
  yieldDescriptors(now: number): void {
    this.#notBefore = Math.max(this.#notBefore, now + shortageRetry)
    for (const passage of this.#idle.splice(0)) this.dismiss(passage)
  }

  /** There are none from now on. Those that somebody has are closed when they are given back. */
  close(): void {
    this.yieldDescriptors(Number.POSITIVE_INFINITY)
  }
}
