import { readSync, writeSync } from 'node:fs'
import type { Boss, Order, WorkerEvent } from '../orders.js'
import { bossDescriptor, type WorkerSetup } from './inheritance.js'
import { MessageLines, toLine } from './message-lines.js'

/** A worker process's line to its parent: the socket that it has inherited. */
export class ProcessBoss implements Boss {
  readonly fd = bossDescriptor
  readonly #lines = new MessageLines()
  readonly #buffer = Buffer.alloc(65_536)
  readonly #orders: Order[] = []

  /** Waits for the first message; undefined when the parent has gone before. */
  readSetup(): WorkerSetup | undefined {
    for (;;) {
      const messages = this.#read()
      if (messages === undefined) return undefined
      const [setup, ...orders] = messages
      this.#orders.push(...(orders as Order[]))
      if (setup !== undefined) return setup as WorkerSetup
    }
  }

  /** To be called when there is something to read. */
  takeOrders(): readonly Order[] {
    const messages = this.#read() ?? [{ kind: 'end' }]
    return [...this.#orders.splice(0), ...(messages as Order[])]
  }

  tell(event: WorkerEvent): void {
    try {
      writeSync(this.fd, toLine(event))
    } catch {
      // The parent has gone, which the next look for orders finds out.
    }
  }

  #read(): unknown[] | undefined {
    try {
      const count = readSync(this.fd, this.#buffer)
      return count === 0 ? undefined : this.#lines.take(this.#buffer.subarray(0, count))
    } catch {
      return undefined
    }
  }
}
