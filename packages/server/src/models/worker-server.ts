import type { RunningServer } from '../server.js'
import type { ServerReport, ServerStats, StopReport } from '../server-messages.js'
import type { ModelName, WorkerReport } from './model.js'
import type { Order, WorkerEvent } from './orders.js'
import type { WorkerCounters } from './worker-counters.js'

/** Those who do the work. */
export interface Crew {
  /** Resolves when all have ended, as they were ordered to; rejects when one has not, which is a fault of ours. */
  readonly ended: Promise<void>
  /** The numbers of those that there are now. */
  readonly workers: readonly number[]
  /** Orders all of them. */
  order(order: Order): void
}

export interface WorkerServerOptions {
  readonly model: ModelName
  readonly host: string
  readonly ports: readonly number[]
  readonly counters: WorkerCounters
  readonly crew: Crew
}

/** What a server's workers tell, put together. */
export class WorkerNews {
  readonly stopAsked: Promise<string>
  readonly #onReport: (report: ServerReport) => void
  #onStopAsked!: (remoteAddress: string) => void
  #open = 0
  #cutOff = 0
  #lostBytes = 0

  constructor(onReport: (report: ServerReport) => void) {
    this.#onReport = onReport
    this.stopAsked = new Promise(resolve => {
      this.#onStopAsked = resolve
    })
  }

  /** How the stop went, of all who have told. */
  get stopReport(): StopReport {
    return { open: this.#open, cutOff: this.#cutOff, lostBytes: this.#lostBytes }
  }

  take(event: WorkerEvent): void {
    if (event.kind === 'report') this.#onReport(event.report)
    else if (event.kind === 'stop-asked') this.#onStopAsked(event.remoteAddress)
    else if (event.kind === 'stopped') {
      this.#open += event.report.open
      this.#cutOff += event.report.cutOff
      this.#lostBytes += event.report.lostBytes
    }
  }
}

/** A server without a loop: its workers wait for their connections themselves. Its counters are read without asking. */
export class WorkerServer implements RunningServer {
  readonly model: ModelName
  readonly engine = undefined
  readonly engineReason = undefined
  readonly host: string
  readonly ports: readonly number[]
  readonly stopAsked: Promise<string>
  readonly ended: Promise<void>
  readonly #counters: WorkerCounters
  readonly #crew: Crew
  readonly #news: WorkerNews
  #stopping: Promise<StopReport> | undefined

  constructor({ model, host, ports, counters, crew }: WorkerServerOptions, news: WorkerNews) {
    this.model = model
    this.host = host
    this.ports = ports
    this.stopAsked = news.stopAsked
    this.ended = crew.ended
    this.#counters = counters
    this.#crew = crew
    this.#news = news
    // Whoever waits for an answer hears of a failure as well: nobody has to wait for the end.
    this.ended.catch(() => {})
  }

  async stats(): Promise<ServerStats> {
    return this.#counters.stats()
  }

  async workers(): Promise<readonly WorkerReport[]> {
    return this.#crew.workers.map(worker => this.#counters.report(worker))
  }

  stop(grace: number): Promise<StopReport> {
    this.#stopping ??= this.#stop(grace)
    return this.#stopping
  }

  async #stop(grace: number): Promise<StopReport> {
    this.#crew.order({ kind: 'stop', grace })
    await this.ended
    return this.#news.stopReport
  }

  async abort(): Promise<void> {
    this.#crew.order({ kind: 'end' })
    await this.ended.catch(() => {})
  }
}
