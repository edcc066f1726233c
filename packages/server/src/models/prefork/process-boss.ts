import { readSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Boss, Order, WorkerEvent } from '../orders.js'
import { bossDescriptor, type WorkerSetup } from './inheritance.js'
import { MessageLines, toLine } from './message-lines.js'

/** A worker process's line to its parent: the socket that it has inherited. */
export class ProcessBoss implements Boss {
  readonly fd = bossDescriptor
  readonly #lines = new MessageLines()
  readonly #buffer = Buffer.alloc(65_536)
  readonly #orders: Order[] = []
  /** Only in a process that does not block. */
  #socket: Socket | undefined

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

  /** From now on orders come by themselves, for a process that does not block; `end` when nobody is there any more. */
  listen(onOrder: (order: Order) => void): void {
    this.#socket = new Socket({ fd: this.fd })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => onOrder({ kind: 'end' }))
    this.#socket.on('data', bytes => {
      for (const message of this.#lines.take(bytes as Buffer)) onOrder(message as Order)
    })
    for (const order of this.#orders.splice(0)) onOrder(order)
  }

  /** Calls back when everything has been told. */
  close(then: () => void): void {
    if (this.#socket === undefined) then()
    else this.#socket.end(then)
  }

  tell(event: WorkerEvent): void {
    if (this.#socket !== undefined) {
      this.#socket.write(toLine(event))
      return
    }
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
