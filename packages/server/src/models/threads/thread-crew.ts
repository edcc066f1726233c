import type { Order } from '../orders.js'
import type { Crew } from '../worker-server.js'
import type { WorkerThread } from './worker-thread.js'

/** Threads that work together: when one of them breaks down, all end. */
export class ThreadCrew implements Crew {
  readonly workers: readonly number[]
  readonly ended: Promise<void>
  readonly #threads: readonly WorkerThread[]
  readonly #onOrder: (order: Order) => void

  /** `onOrder` is told of each order before the threads are. */
  constructor(threads: readonly WorkerThread[], workers: number, onOrder: (order: Order) => void = () => {}) {
    this.#threads = threads
    this.#onOrder = onOrder
    this.workers = Array.from({ length: workers }, (_, index) => index + 1)
    this.ended = this.#awaitAll()
    this.ended.catch(() => {})
  }

  order(order: Order): void {
    this.#onOrder(order)
    for (const thread of this.#threads) thread.order(order)
  }

  async #awaitAll(): Promise<void> {
    const endings = this.#threads.map(thread => thread.ended)
    for (const ending of endings) ending.catch(() => this.order({ kind: 'end' }))
    await Promise.allSettled(endings)
    await Promise.all(endings)
  }
}
