import { resolveHost, UsageError } from 'command-line'
import { chooseEngine, type EngineChoice } from 'reactor'
import { portion, shareOfSegment } from '../pacing/share.js'
import type { LoadPlan, Resolved } from '../plan.js'
import { Problems } from '../problems.js'
import { resolvePlan, workloadOf } from '../registry.js'
import type { Interval, LoadReport, Progress } from '../report.js'
import { sharedNow } from '../thread/clock.js'
import type { Assignment, LoadEvent, ThreadReport } from '../thread/protocol.js'
import { SampleRing } from '../thread/sample-ring.js'
import { describeEnvironment } from './environment.js'
import { generatorCost } from './generator-cost.js'
import { IntervalAccount } from './interval-account.js'
import { joinProgress, joinReports } from './join-threads.js'
import { LoadThreads } from './load-threads.js'
import { backlogNote, checkMachineLimits } from './machine-limits.js'
import { ServerWatch } from './server-watch.js'
import { checkSourceAddresses, sourceAddressesOf } from './source-addresses.js'
import { warmupNote } from './warmup-note.js'

/** A load that is running in threads of its own. */
export interface LoadRun {
  /** The plan with every default filled in. */
  readonly plan: Resolved<LoadPlan>
  readonly engine: EngineChoice
  /** What is to be said before it is under way, for people. */
  readonly notes: readonly string[]
  /**
   * What came of it. Resolves when all connections have ended, also where they failed: the report says how. Rejects
   * only on an internal fault.
   */
  readonly report: Promise<LoadReport>
  /** Where it stands now. After the end: where it stood last. Rejects only on an internal fault. */
  progress(): Promise<Progress>
  /** A stream that does not read (`noRead`, `readLater`) begins to. */
  startReading(): void
  /**
   * Ends the run and closes everything. With `drain`, every connection first stops sending, closes its side, and
   * verifies what is outstanding (reading it, if it did not so far); the verdict is then `ok` if all came back.
   * Without, the verdict of an unfinished run in which nothing went wrong is `stopped`.
   */
  stop(options?: { readonly drain?: boolean }): Promise<LoadReport>
}

export interface LoadOptions {
  /** Told every `progressInterval` milliseconds (default 500) while the run lasts. */
  onProgress?(progress: Progress): void
  readonly progressInterval?: number
  /** Told of each interval as soon as it is over, in order. */
  onInterval?(interval: Interval): void
}

/** Threads are told to begin so many milliseconds before a start that was fixed. */
const startingTime = 100

/** So often (ms) the samples of the load threads are recorded: a little at a time, lest they want a core meanwhile. */
const collectInterval = 40

/** `setTimeout` turns anything longer (ms) into 1 ms. */
const longestTimer = 2 ** 31 - 1

/**
 * Starts what the plan says. Rejects with a UsageError that names everything that is wrong with the plan or beyond this
 * machine's limits, and with a Failure when a target's name does not resolve.
 */
export async function startLoad(plan: LoadPlan, options: LoadOptions = {}): Promise<LoadRun> {
  const complete = resolvePlan(plan)
  const resolved = { ...complete, sourceAddresses: sourceAddressesOf(complete) }
  const problems = new Problems()
  checkMachineLimits(resolved, problems)
  problems.settle()
  await checkSourceAddresses(complete.sourceAddresses)
  const preferred = workloadOf(resolved).preferredEngine?.(resolved) ?? 'auto'
  const wanted = resolved.engine === 'auto' ? preferred : resolved.engine
  const engine = await chooseEngine(wanted).catch(error => {
    throw new UsageError((error as Error).message)
  })
  const addresses = await Promise.all(resolved.targets.map(({ host }) => resolveHost(host)))
  const watch = await ServerWatch.start(resolved)
  const run = new ThreadedRun(resolved, engine, options, watch)
  await run.start(addresses).catch(async error => {
    await watch?.stop(0)
    throw error
  })
  return run
}

class ThreadedRun implements LoadRun {
  readonly plan: Resolved<LoadPlan>
  readonly engine: EngineChoice
  readonly notes: readonly string[]
  readonly report: Promise<LoadReport>
  readonly #options: LoadOptions
  readonly #watch: ServerWatch | undefined
  /** Each thread's ring. */
  readonly #samples: readonly SharedArrayBuffer[]
  readonly #account: IntervalAccount
  readonly #threads: LoadThreads
  readonly #asking: ((progress: Progress) => void)[] = []
  /** What each thread has told of a round: progress by the clock, progress that was asked for. */
  readonly #told: Progress[][]
  readonly #answers: Progress[][]
  readonly #connected = new Set<number>()
  readonly #reports: ThreadReport[] = []
  /** Where each thread stood when it ended. */
  readonly #last: (Progress | undefined)[]
  #begunAt = performance.now()
  #environment = describeEnvironment(Date.now())
  #beginTimer: NodeJS.Timeout | undefined
  #collectTimer: NodeJS.Timeout | undefined
  #finish!: (report: LoadReport | Promise<LoadReport>) => void
  #fault!: (error: Error) => void
  #ended = false

  constructor(plan: Resolved<LoadPlan>, engine: EngineChoice, options: LoadOptions, watch: ServerWatch | undefined) {
    this.plan = plan
    this.engine = engine
    this.notes = [backlogNote(plan), warmupNote(plan)].filter(note => note !== undefined)
    this.#options = options
    this.#watch = watch
    this.#samples = Array.from({ length: plan.threads }, () => SampleRing.allocate())
    this.#account = new IntervalAccount(this.#samples, interval => options.onInterval?.(interval))
    this.#told = Array.from({ length: plan.threads }, () => [])
    this.#answers = Array.from({ length: plan.threads }, () => [])
    this.#last = Array.from({ length: plan.threads }, () => undefined)
    this.#threads = new LoadThreads(
      (thread, event) => this.#take(thread, event),
      error => this.#fault(error)
    )
    this.report = new Promise((resolve, reject) => {
      this.#finish = resolve
      this.#fault = error => {
        this.#end()
        reject(error)
      }
    })
    // Whoever waits for the report still hears of the fault; nobody else has to.
    this.report.catch(() => {})
  }

  async start(addresses: readonly string[]): Promise<void> {
    const { plan } = this
    const { onProgress, progressInterval = 500 } = this.#options
    const openConnections = new Int32Array(new SharedArrayBuffer((plan.targets.length + 1) * 4))
    await this.#threads.start(
      this.engine.engine,
      this.#samples.map(
        (samples, thread): Assignment => ({
          plan,
          thread,
          connections: workloadOf(plan).connections(plan),
          addresses,
          progressInterval: onProgress === undefined ? 0 : progressInterval,
          openConnections,
          samples,
        })
      )
    )
    this.#begin()
  }

  #begin(): void {
    // The last stretch is left to the threads, whose timers are finer.
    const now = Date.now()
    const delay = Math.max(0, this.plan.startAt - now)
    const wait = delay - startingTime
    if (wait > 0) {
      this.#beginTimer = setTimeout(() => this.#begin(), Math.min(wait, longestTimer))
      return
    }
    // Of this moment all times of the report are told, which those of other shares are compared with.
    this.#environment = describeEnvironment(now + delay)
    this.#begunAt = performance.now() + delay
    this.#account.begin()
    this.#collectTimer = setInterval(() => this.#account.collect(), collectInterval)
    this.#threads.post({ kind: 'begin', at: sharedNow() + delay })
  }

  #take(thread: number, event: LoadEvent): void {
    if (this.#ended) return
    switch (event.kind) {
      case 'samples':
      case 'interval':
        this.#account.take(thread, event)
        break
      case 'connected':
        this.#connected.add(thread)
        this.#startTraffic()
        break
      case 'progress':
        ;(event.asked ? this.#answers : this.#told)[thread]?.push(event.progress)
        this.#tellProgress()
        break
      case 'finished':
        this.#finished(thread, event.progress, event.report)
    }
  }

  /** All threads stand, except those that have nothing left to wait for. */
  #startTraffic(): void {
    const missing = this.#last.some((last, thread) => last === undefined && !this.#connected.has(thread))
    if (!missing) this.#threads.post({ kind: 'all connected', at: sharedNow() })
  }

  #tellProgress(): void {
    const complete = (rounds: Progress[][]) => {
      const parts = rounds.map((round, thread) => this.#last[thread] ?? round[0])
      if (parts.includes(undefined) || rounds.every(round => round.length === 0)) return undefined
      for (const round of rounds) round.shift()
      return this.#describe(parts as Progress[])
    }
    for (let told = complete(this.#told); told !== undefined; told = complete(this.#told)) {
      this.#options.onProgress?.(told)
    }
    for (let answer = complete(this.#answers); answer !== undefined; answer = complete(this.#answers)) {
      this.#asking.shift()?.(answer)
    }
  }

  #describe(parts: readonly Progress[]): Progress {
    const workload = workloadOf(this.plan)
    const { messages, ...progress } = joinProgress(parts)
    const done = workload.done({ ...progress, messages: messages ?? 0 }, this.plan)
    return {
      ...progress,
      ...(workload.messages === undefined || messages === undefined ? {} : { messages }),
      ...(done === undefined ? {} : { done }),
    }
  }

  #finished(thread: number, progress: Progress, report: ThreadReport): void {
    this.#last[thread] = progress
    this.#reports.push(report)
    this.#account.end(thread)
    if (this.#reports.length < this.plan.threads) {
      if (report.verdict === 'wrong bytes' && this.plan.wrongBytesEnd === 'run')
        this.#post({ kind: 'stop', drain: false })
      else if (!this.#connected.has(thread)) this.#startTraffic()
      this.#tellProgress()
      return
    }
    this.#options.onProgress?.(this.#describe(this.#last as Progress[]))
    this.#end()
    this.#finish(this.#write())
  }

  #end(): void {
    this.#ended = true
    clearTimeout(this.#beginTimer)
    clearInterval(this.#collectTimer)
    this.#threads.stop()
  }

  async #write(): Promise<LoadReport> {
    const { messages, ...joined } = joinReports(this.#reports)
    const workload = workloadOf(this.plan)
    const account = this.#account
    const connections = portion(workload.connections(this.plan), shareOfSegment(this.plan.segment))
    const planned = workload.messages?.(this.plan, connections)
    const server = await this.#watch?.stop(this.#begunAt)
    return {
      ...joined,
      plan: this.plan,
      ...(planned === undefined || messages === undefined ? {} : { messages: { ...messages, planned } }),
      latency: account.latency.recorded(),
      intervals: account.intervals,
      measured: account.measured,
      generator: generatorCost(account.cpu, account.measured, this.plan, joined.lag),
      ...(server === undefined ? {} : { server }),
      environment: this.#environment,
    }
  }

  progress(): Promise<Progress> {
    if (this.#ended) return Promise.resolve(this.#describe(this.#last as Progress[]))
    const answer = new Promise<Progress>(resolve => this.#asking.push(resolve))
    this.#post({ kind: 'tell progress' })
    return Promise.race([answer, this.report.then(() => this.#describe(this.#last as Progress[]))])
  }

  startReading(): void {
    this.#post({ kind: 'start reading' })
  }

  stop({ drain = false }: { readonly drain?: boolean } = {}): Promise<LoadReport> {
    this.#post({ kind: 'stop', drain })
    return this.report
  }

  #post(command: Parameters<LoadThreads['post']>[0]): void {
    if (!this.#ended) this.#threads.post(command)
  }
}
