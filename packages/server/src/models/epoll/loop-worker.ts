import { type EngineName, LoopThread } from 'reactor'
import { ListenError } from '../../listen-error.js'
import type {
  ServerCommand,
  ServerEvent,
  ServerReport,
  ServerStats,
  ServerThreadData,
  StopReport,
} from '../../server-messages.js'
import { StartError } from '../../start-error.js'

/** Who waits for an answer of the loop's thread. */
interface Asker {
  resolve(answer: ServerStats | StopReport): void
  reject(error: Error): void
}

export interface LoopWorkerOptions {
  /** The module that calls `serveOnLoop`. */
  readonly module: URL
  readonly engine: EngineName
  onReport(report: ServerReport): void
  onStopAsked(remoteAddress: string): void
}

/** A server on a loop in a thread of its own, as the main thread sees it. */
export class LoopWorker {
  /** Resolves when it has ended; rejects with what went wrong in it, which is a fault of ours. */
  readonly ended: Promise<void>
  readonly #options: LoopWorkerOptions
  readonly #askers = new Map<number, Asker>()
  #ports: readonly number[] = []
  #requests = 0
  #thread!: LoopThread<ServerCommand>
  #failure: Extract<ServerEvent, { kind: 'listen-failed' | 'protocol-failed' }> | undefined
  #over = false
  #onEnd!: (error: Error | undefined) => void

  private constructor(options: LoopWorkerOptions) {
    this.#options = options
    this.ended = new Promise((resolve, reject) => {
      this.#onEnd = error => (error === undefined ? resolve() : reject(error))
    })
    // Whoever waits for an answer hears of a failure as well: nobody has to wait for the end.
    this.ended.catch(() => {})
  }

  /** Resolves when it listens on all ports; rejects with a StartError, and everything is closed again then. */
  static async start<Data extends ServerThreadData>(options: LoopWorkerOptions, data: Data): Promise<LoopWorker> {
    const worker = new LoopWorker(options)
    await worker.#start(data)
    return worker
  }

  get ports(): readonly number[] {
    return this.#ports
  }

  async stats(): Promise<ServerStats> {
    return (await this.#ask(request => ({ kind: 'stats', request }))) as ServerStats
  }

  async stop(grace: number): Promise<StopReport> {
    const report = await this.#ask(request => ({ kind: 'stop', request, grace }))
    await this.abort()
    return report as StopReport
  }

  async abort(): Promise<void> {
    await this.#thread.stop()
  }

  async #start(data: ServerThreadData): Promise<void> {
    this.#thread = await LoopThread.start<ServerThreadData, ServerCommand, ServerEvent>({
      module: this.#options.module,
      engine: this.#options.engine,
      data,
      onEvent: event => this.#receive(event),
      onEnd: error => this.#end(error),
    })
    if (this.#failure === undefined) return
    await this.abort()
    if (this.#failure.kind === 'protocol-failed') throw new StartError(this.#failure.message)
    throw await ListenError.describe(data.host, this.#failure.port, this.#failure.code)
  }

  #ask(command: (request: number) => ServerCommand): Promise<ServerStats | StopReport> {
    if (this.#over) return Promise.reject(new Error('the server has ended'))
    const request = ++this.#requests
    return new Promise((resolve, reject) => {
      this.#askers.set(request, { resolve, reject })
      this.#thread.post(command(request))
    })
  }

  #receive(event: ServerEvent): void {
    switch (event.kind) {
      case 'listening':
        this.#ports = event.ports
        break
      case 'listen-failed':
      case 'protocol-failed':
        this.#failure = event
        break
      case 'stop-asked':
        this.#options.onStopAsked(event.remoteAddress)
        break
      case 'report':
        this.#options.onReport(event.report)
        break
      default:
        this.#askers.get(event.request)?.resolve(event.answer)
        this.#askers.delete(event.request)
    }
  }

  #end(error: Error | undefined): void {
    this.#over = true
    for (const asker of this.#askers.values()) asker.reject(error ?? new Error('the server has ended'))
    this.#askers.clear()
    this.#onEnd(error)
  }
}
