import type { EngineChoice, EngineName } from 'reactor'
import type { RunningServer } from '../../server.js'
import type { ServerStats, StopReport } from '../../server-messages.js'
import type { ModelName, WorkerReport } from '../model.js'

/** What a server asks of each of its loops. */
export interface LoopServerWorker {
  readonly ports: readonly number[]
  /** Resolves when it has ended; rejects with what went wrong in it. */
  readonly ended: Promise<void>
  stats(): Promise<ServerStats>
  /** Stops accepting, and ends when all connections have drained, or after `grace` milliseconds. */
  stop(grace: number): Promise<StopReport>
  abort(): Promise<void>
}

/** Where, and on what, a server's loops run. */
export interface LoopServerOptions {
  readonly model: ModelName
  readonly choice: EngineChoice | undefined
  readonly host: string
  readonly stopAsked: Promise<string>
}

/** A server on one loop or several, which share its ports. */
export class LoopServer implements RunningServer {
  readonly model: ModelName
  readonly engine: EngineName | undefined
  readonly engineReason: string | undefined
  readonly host: string
  readonly ports: readonly number[]
  readonly stopAsked: Promise<string>
  readonly ended: Promise<void>
  readonly #workers: readonly LoopServerWorker[]
  #stopping: Promise<StopReport> | undefined

  /** `workers` listen already; there is at least one. */
  constructor({ model, choice, host, stopAsked }: LoopServerOptions, workers: readonly LoopServerWorker[]) {
    this.model = model
    this.engine = choice?.engine
    this.engineReason = choice?.reason
    this.host = host
    this.stopAsked = stopAsked
    this.ports = workers[0]?.ports ?? []
    this.#workers = workers
    this.ended = this.#awaitAll()
    this.ended.catch(() => {})
  }

  async stats(): Promise<ServerStats> {
    return addUp(await Promise.all(this.#workers.map(worker => worker.stats())))
  }

  async workers(): Promise<readonly WorkerReport[]> {
    const all = await Promise.all(this.#workers.map(worker => worker.stats()))
    return all.map(({ open, accepted, requests }, index) => {
      return { worker: index + 1, pid: process.pid, open, accepted, requests }
    })
  }

  stop(grace: number): Promise<StopReport> {
    this.#stopping ??= Promise.all(this.#workers.map(worker => worker.stop(grace))).then(addUp)
    return this.#stopping
  }

  async abort(): Promise<void> {
    await Promise.all(this.#workers.map(worker => worker.abort()))
  }

  async #awaitAll(): Promise<void> {
    const endings = this.#workers.map(worker => worker.ended)
    // Who can no longer reach one loop must not believe that the server is there.
    for (const ending of endings) ending.catch(() => this.abort())
    await Promise.allSettled(endings)
    await Promise.all(endings)
  }
}

/** Adds up counters, name by name. */
function addUp<Counted extends { readonly [Name in keyof Counted]: number }>(all: readonly Counted[]): Counted {
  const sum = { ...(all[0] as Counted) } as Record<keyof Counted, number>
  for (const counted of all.slice(1)) {
    for (const name of Object.keys(sum) as (keyof Counted)[]) sum[name] += counted[name]
  }
  return sum as Counted
}
