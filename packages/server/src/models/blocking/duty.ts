import type { Descriptors } from 'reactor'
import type { Boss, Order } from '../orders.js'

const bossPlace = 0
const connectionPlace = 1

/**
 * What a worker that blocks has been told to do, and how it waits: for a connection and for orders at the same time
 * (poll(2)), so that it costs nothing while nothing happens and still hears that it is to end.
 */
export class Duty {
  /** When the grace of a stop is over, on the clock of `performance.now()`; Infinity while nobody has stopped it. */
  deadline = Number.POSITIVE_INFINITY
  /** It is to end when nothing is being served. */
  retiring = false
  /** It is to end at once. */
  over = false
  /** Called when the stop begins. */
  onStop: () => void = () => {}
  readonly #boss: Boss
  readonly #poller: InstanceType<Descriptors['Poller']>

  constructor(boss: Boss, { Poller, pollEvents }: Descriptors) {
    this.#boss = boss
    this.#poller = new Poller(2)
    this.#poller.set(bossPlace, boss.fd, pollEvents.readable)
  }

  /** Becomes readable when `takeOrders` has something to take. */
  get fd(): number {
    return this.#boss.fd
  }

  get stopping(): boolean {
    return this.deadline < Number.POSITIVE_INFINITY
  }

  /**
   * Blocks until one of `events` has come for the descriptor, and returns what has come; or 0 after `timeout`
   * milliseconds, or when orders came.
   */
  wait(fd: number, events: number, timeout: number): number {
    this.#poller.set(connectionPlace, fd, events)
    if (!this.#poller.wait(timeout)) return 0
    if (this.#poller.at(bossPlace) !== 0) this.takeOrders()
    return this.#poller.at(connectionPlace)
  }

  /** Blocks for `duration` milliseconds; less only when it is to end at once, or the grace is over before. */
  sleep(duration: number): void {
    const end = performance.now() + duration
    this.#poller.unset(connectionPlace)
    while (!this.over) {
      const left = Math.min(end, this.deadline) - performance.now()
      if (left <= 0) return
      if (this.#poller.wait(left)) this.takeOrders()
    }
  }

  takeOrders(): void {
    for (const order of this.#boss.takeOrders()) this.#obey(order)
  }

  #obey(order: Order): void {
    if (order.kind === 'end') this.over = true
    else if (order.kind === 'retire') this.retiring = true
    else if (!this.stopping) {
      this.deadline = performance.now() + order.grace
      this.onStop()
    }
  }
}
