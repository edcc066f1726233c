import type { Descriptors } from 'reactor'

/**
 * A thread that sleeps in epoll_wait(2) while it has nothing to do, and is woken through an eventfd(2); who wakes it
 * makes that call only when it sleeps.
 */
export class Sleeper {
  readonly fd: number
  readonly #control: Int32Array
  readonly #word: number
  readonly #signal: (fd: number) => void

  /** `word`: where it says that it sleeps. */
  constructor(fd: number, control: Int32Array, word: number, { signalEventFd }: Descriptors) {
    this.fd = fd
    this.#control = control
    this.#word = word
    this.#signal = signalEventFd
  }

  /** To be called by the thread itself; it must look once more for something to do before it really sleeps. */
  fallAsleep(): void {
    Atomics.store(this.#control, this.#word, 1)
  }

  /** To be called by the thread itself, when it is awake. */
  awake(): void {
    Atomics.store(this.#control, this.#word, 0)
  }

  /** To be called by the other thread, after it has given it something to do. */
  wake(): void {
    if (Atomics.load(this.#control, this.#word) === 0) return
    if (Atomics.exchange(this.#control, this.#word, 0) === 1) this.#signal(this.fd)
  }
}
