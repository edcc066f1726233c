import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Order, WorkerEvent } from '../orders.js'
import { bossDescriptor, type WorkerSetup } from './inheritance.js'
import { MessageLines, toLine } from './message-lines.js'

const program = fileURLToPath(new URL('./worker-process.js', import.meta.url))
const standardError = 2

/** How a worker process ended. */
export interface ChildEnding {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

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
  readonly #line: Socket

  /** `inherited`: the descriptors from the counters' on, in the order of their numbers there. */
  constructor(setup: WorkerSetup, inherited: readonly number[], onEvent: (event: WorkerEvent) => void) {
    this.worker = setup.worker
    this.#child = spawn(process.execPath, [...process.execArgv, program], {
      stdio: ['ignore', standardError, standardError, 'pipe', ...inherited],
    })
    this.ended = new Promise(resolve => {
      this.#child.once('error', () => resolve({ code: null, signal: null }))
      this.#child.once('close', (code, signal) => resolve({ code, signal }))
    })
    const lines = new MessageLines()
    this.#line = this.#child.stdio[bossDescriptor] as unknown as Socket
    // It breaks when the process does, which `ended` tells.
    this.#line.on('error', () => {})
    this.#line.on('data', (bytes: Buffer) => {
      for (const message of lines.take(bytes)) {
        const event = message as WorkerEvent
        if (event.kind === 'ready') this.#ready = true
        onEvent(event)
      }
    })
    this.#line.write(toLine(setup))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get ready(): boolean {
    return this.#ready
  }

  order(order: Order): void {
    if (order.kind === 'retire') this.retired = true
    if (this.#line.writable) this.#line.write(toLine(order))
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }
}
