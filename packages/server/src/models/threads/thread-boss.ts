import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import type { Descriptors } from 'reactor'
import type { Boss, Order, WorkerEvent } from '../orders.js'

/** What a worker thread is started with. */
export interface WorkerThreadData<Data> {
  readonly port: MessagePort
  /** An eventfd(2) that is signalled after each order. */
  readonly wakeFd: number
  readonly data: Data
}

/** A worker thread's line to the main thread: a message port, and an eventfd(2) that wakes it from a blocking call. */
class ThreadBoss implements Boss {
  readonly fd: number
  readonly #port: MessagePort
  readonly #descriptors: Descriptors

  constructor({ port, wakeFd }: WorkerThreadData<unknown>, descriptors: Descriptors) {
    this.fd = wakeFd
    this.#port = port
    this.#descriptors = descriptors
  }

  takeOrders(): readonly Order[] {
    this.#descriptors.clearEventFd(this.fd)
    const orders: Order[] = []
    for (let mail = receiveMessageOnPort(this.#port); mail !== undefined; mail = receiveMessageOnPort(this.#port)) {
      orders.push(mail.message as Order)
    }
    return orders
  }

  tell(event: WorkerEvent): void {
    this.#port.postMessage(event)
  }
}

/**
 * Runs in a worker thread: prepares, says that it is ready, and works until that returns. An error with the name of a
 * StartError while preparing is told; anything else is a fault of ours and ends the thread.
 */
export async function serveWorkerThread<Data>(
  descriptors: Descriptors,
  prepare: (data: Data, boss: Boss) => Promise<() => void>
): Promise<void> {
  const started = workerData as WorkerThreadData<Data>
  const boss = new ThreadBoss(started, descriptors)
  try {
    const work = await prepare(started.data, boss).catch(error => {
      if ((error as Error).name !== 'StartError') throw error
      boss.tell({ kind: 'failed', message: (error as Error).message })
    })
    if (work === undefined) return
    boss.tell({ kind: 'ready' })
    work()
  } finally {
    started.port.close()
  }
}
