import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Order, WorkerEvent } from '../orders.js'
import { bossDescriptor, type WorkerSetup } from './inheritance.js'
import { MessageLines, toLine } from './message-lines.js'

const program = fileURLToPath(new URL('./worker-process.js', import.meta.url))
const standardError = 2

/** How a worker process ended, in words: `SIGKILL`, `exit code 70`, or why it never began. */
export type ChildEnding = string

/** A worker process, as its parent sees it. */
export class ChildWorker {
  readonly worker: number
  /** Resolves when the process is gone and its last words are heard; never rejects. */
  readonly ended: Promise<ChildEnding>
  readonly startedAt = performance.now()
  /** It has been told to end, and is not to be replaced. */
  retired = false
  #ready = false
  readonly #child: ChildProcess
  /** Undefined when the process could not be started for want of descriptors. */
  readonly #line: Socket | undefined

  /** `inherited`: the descriptors from the counters' on, in the order of their numbers there. */
  constructor(setup: WorkerSetup, inherited: readonly number[], onEvent: (event: WorkerEvent) => void) {
    this.worker = setup.worker
    this.#child = spawn(process.execPath, [...process.execArgv, program], {
      stdio: ['ignore', standardError, standardError, 'pipe', ...inherited],
    })
    this.ended = new Promise(resolve => {
      this.#child.once('error', error => resolve(error.message))
      this.#child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
    })
    this.#line = this.#child.stdio?.[bossDescriptor] as Socket | undefined
    this.#listen(onEvent)
    this.#line?.write(toLine(setup))
  }

  #listen(onEvent: (event: WorkerEvent) => void): void {
    const lines = new MessageLines()
    // It breaks when the process does, which `ended` tells.
    this.#line?.on('error', () => {})
    this.#line?.on('data', (bytes: Buffer) => {
      for (const message of lines.take(bytes)) {
        const event = message as WorkerEvent
        if (event.kind === 'ready') this.#ready = true
        onEvent(event)
      }
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get ready(): boolean {
    return this.#ready
  }

  order(order: Order): void {
    if (order.kind === 'retire') this.retired = true
    if (this.#line?.writable) this.#line.write(toLine(order))
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}
