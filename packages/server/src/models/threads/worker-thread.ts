import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { Descriptors } from 'reactor'
import { StartError } from '../../start-error.js'
import type { Order, WorkerEvent } from '../orders.js'
import type { WorkerThreadData } from './thread-boss.js'

export interface WorkerThreadOptions<Data> {
  /** The module that calls `serveWorkerThread`. */
  readonly module: URL
  /** Handed to the module. Survives structured cloning. */
  readonly data: Data
  readonly descriptors: Descriptors
  onEvent(event: WorkerEvent): void
}

const running = new Set<WorkerThread>()

// A thread that sleeps in the kernel cannot be terminated from outside, and the process would wait for it for ever.
function endAllAtExit(): void {
  for (const thread of running) thread.order({ kind: 'end' })
}

/** A thread whose work blocks, as the main thread sees it. */
export class WorkerThread {
  /** Resolves when the thread has ended; rejects when something was wrong in it, which is a fault of ours. */
  readonly ended: Promise<void>
  readonly #port: MessagePort
  readonly #descriptors: Descriptors
  /** An eventfd(2); -1 when the thread has ended, and with it the descriptor. */
  #wakeFd: number

  private constructor(worker: Worker, port: MessagePort, wakeFd: number, descriptors: Descriptors) {
    this.#port = port
    this.#wakeFd = wakeFd
    this.#descriptors = descriptors
    let failure: Error | undefined
    worker.on('error', error => {
      failure = error instanceof Error ? error : new Error(String(error))
    })
    this.ended = new Promise((resolve, reject) => {
      worker.on('exit', () => {
        this.#forget()
        if (failure === undefined) resolve()
        else reject(failure)
      })
    })
    this.ended.catch(() => {})
    if (running.size === 0) process.once('exit', endAllAtExit)
    running.add(this)
  }

  /** Resolves when the thread is ready; rejects with a StartError when it cannot work here. */
  static start<Data>(options: WorkerThreadOptions<Data>): Promise<WorkerThread> {
    const { descriptors, onEvent } = options
    const { port1, port2 } = new MessageChannel()
    const wakeFd = descriptors.createEventFd()
    const data: WorkerThreadData<Data> = { port: port2, wakeFd, data: options.data }
    const worker = new Worker(options.module, { workerData: data, transferList: [port2] })
    return new Promise((resolve, reject) => {
      const take = (event: WorkerEvent) => {
        if (event.kind === 'ready') resolve(thread)
        else if (event.kind === 'failed') reject(new StartError(event.message))
        else onEvent(event)
      }
      // Before the thread's own listener, so that its last words come before its end.
      worker.on('exit', () => {
        for (let last = receiveMessageOnPort(port1); last !== undefined; last = receiveMessageOnPort(port1)) {
          take(last.message as WorkerEvent)
        }
        port1.close()
      })
      const thread = new WorkerThread(worker, port1, wakeFd, descriptors)
      port1.on('message', take)
      thread.ended.then(() => reject(new Error('the thread ended before it was ready')), reject)
    })
  }

  order(order: Order): void {
    if (this.#wakeFd < 0) return
    this.#port.postMessage(order)
    this.#descriptors.signalEventFd(this.#wakeFd)
  }

  #forget(): void {
    this.#descriptors.closeEventFd(this.#wakeFd)
    this.#wakeFd = -1
    running.delete(this)
    if (running.size === 0) process.removeListener('exit', endAllAtExit)
  }
}
