import type { ServerReport } from '../../server-messages.js'
import { StartError } from '../../start-error.js'
import type { PreforkSettings } from '../model.js'
import type { Order, WorkerEvent } from '../orders.js'
import type { Service } from '../service.js'
import type { WorkerCounters } from '../worker-counters.js'
import type { Crew } from '../worker-server.js'
import { type ChildEnding, ChildWorker } from './child-worker.js'

/** How often a pool that has grown looks whether it can shrink, by one process each time, in milliseconds. */
const shrinkInterval = 1000

/** Growing again within so many milliseconds, the pool grows by twice as many. */
const growingTime = 1000
const largestGrowth = 32

/** A worker that lived for less than so many milliseconds is replaced later each time, up to the longest rest. */
const shortLife = 1000
const firstRest = 100
const longestRest = 5000

/** A worker that has not ended so many milliseconds after it had to is killed. */
const patience = 2000

export interface WorkerPoolOptions {
  readonly settings: PreforkSettings
  readonly service: Service
  readonly counters: WorkerCounters
  /** The descriptors that each worker inherits: the counters' and the listeners'. */
  readonly inherited: readonly number[]
  onEvent(event: WorkerEvent): void
  /** Nobody needs the inherited descriptors any more. */
  onClose(): void
}

/**
 * Worker processes, kept at as many as are needed: one that dies is replaced, more are started when fewer than
 * `minSpare` have room for another connection, and while more than that have, one that is idle is retired each second,
 * down to those at the start. At rest it does nothing at all: a worker that has become full looks how many are not, and
 * calls.
 */
export class WorkerPool implements Crew {
  readonly ended: Promise<void>
  readonly #options: WorkerPoolOptions
  readonly #children = new Map<number, ChildWorker>()
  readonly #replacements = new Set<NodeJS.Timeout>()
  #shrinkTimer: NodeJS.Timeout | undefined
  #lastGrowth = Number.NEGATIVE_INFINITY
  #growth = 1
  #shortLives = 0
  #ending = false
  #onEnded!: () => void

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.ended = new Promise(resolve => {
      this.#onEnded = resolve
    })
  }

  /** Resolves when all workers of the start are ready; rejects with a StartError when one is not. */
  async start(): Promise<void> {
    const waiting: Promise<void>[] = []
    while (this.#children.size < this.#least) waiting.push(this.#startFirst())
    await Promise.all(waiting)
  }

  get workers(): readonly number[] {
    return [...this.#children.keys()].sort((a, b) => a - b)
  }

  order(order: Order): void {
    const first = !this.#ending
    this.#ending = true
    if (first) this.#rest()
    for (const child of this.#children.values()) child.order(order)
    const limit = (order.kind === 'stop' ? order.grace : 0) + patience
    const killer = setTimeout(() => {
      for (const child of this.#children.values()) child.kill()
    }, limit)
    killer.unref()
    if (this.#children.size === 0) this.#onEnded()
  }

  get #least(): number {
    const { workers, minSpare } = this.#options.settings
    return Math.max(workers, minSpare)
  }

  /** Workers that have room for another connection; those that are not ready yet will have. */
  get #spare(): number {
    const { counters, settings } = this.#options
    let spare = 0
    for (const { worker, ready, retired } of this.#children.values()) {
      if (!retired && (!ready || counters.report(worker).open < settings.connectionsPerWorker)) spare++
    }
    return spare
  }

  #startFirst(): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = this.#startWorker(event => {
        if (event.kind === 'ready') resolve()
        else if (event.kind === 'failed') reject(new StartError(event.message))
      })
      child.ended.then(ending => {
        reject(new StartError(`a worker process ended before it was ready (${ending})`))
      })
    })
  }

  #startWorker(onEvent: (event: WorkerEvent) => void = () => {}): ChildWorker {
    const { settings, service, inherited } = this.#options
    const worker = this.#freeNumber()
    const { maxWorkers, minSpare, connectionsPerWorker: connections } = settings
    // A pool that cannot grow is not to be called.
    const setup = { worker, maxWorkers, minSpare: maxWorkers > this.#least ? minSpare : 0, connections, service }
    const child = new ChildWorker(setup, inherited, event => {
      onEvent(event)
      this.#take(event)
    })
    this.#children.set(worker, child)
    child.ended.then(ending => this.#takeLeave(child, ending))
    return child
  }

  #freeNumber(): number {
    for (let worker = 1; ; worker++) if (!this.#children.has(worker)) return worker
  }

  #take(event: WorkerEvent): void {
    // One that has become ready may find so many clients waiting that it is not the last.
    if (event.kind === 'few-spare') this.#grow()
    else this.#options.onEvent(event)
  }

  #takeLeave(child: ChildWorker, ending: ChildEnding): void {
    const lost = this.#options.counters.settle(child.worker)
    this.#children.delete(child.worker)
    if (this.#ending) {
      if (this.#children.size === 0) this.#onEnded()
    } else if (!child.retired) {
      const text = `worker ${child.worker} (pid ${child.pid}) ended: ${ending}; ${lost} of its connections lost`
      this.#report({ kind: 'log', level: 'warn', text })
      this.#replace(child)
    }
  }

  #replace(child: ChildWorker): void {
    this.#shortLives = performance.now() - child.startedAt < shortLife ? this.#shortLives + 1 : 0
    const rest = this.#shortLives === 0 ? 0 : Math.min(longestRest, firstRest * 2 ** this.#shortLives)
    const timer = setTimeout(() => {
      this.#replacements.delete(timer)
      if (this.#children.size < this.#least) this.#startWorker()
    }, rest)
    this.#replacements.add(timer)
  }

  #grow(): void {
    const { minSpare, maxWorkers } = this.#options.settings
    const wanted = minSpare - this.#spare
    if (this.#ending || wanted <= 0) return
    const now = performance.now()
    this.#growth = now - this.#lastGrowth < growingTime ? Math.min(largestGrowth, this.#growth * 2) : 1
    this.#lastGrowth = now
    const target = Math.min(maxWorkers, this.#children.size + Math.max(wanted, this.#growth))
    while (this.#children.size < target) this.#startWorker()
    this.#shrinkTimer ??= setInterval(() => this.#shrink(), shrinkInterval)
  }

  #shrink(): void {
    const { minSpare } = this.#options.settings
    if (this.#children.size <= this.#least) {
      clearInterval(this.#shrinkTimer)
      this.#shrinkTimer = undefined
    } else if (this.#spare > minSpare) this.#lastIdle()?.order({ kind: 'retire' })
  }

  #lastIdle(): ChildWorker | undefined {
    const idle = [...this.#children.values()].filter(
      ({ worker, ready, retired }) => ready && !retired && this.#options.counters.report(worker).open === 0
    )
    return idle.sort((a, b) => b.worker - a.worker)[0]
  }

  /** No worker is started any more. */
  #rest(): void {
    clearInterval(this.#shrinkTimer)
    for (const timer of this.#replacements) clearTimeout(timer)
    this.#replacements.clear()
    this.#options.onClose()
  }

  #report(report: ServerReport): void {
    this.#options.onEvent({ kind: 'report', report })
  }
}
