import { resolveHost, UsageError } from 'command-line'
import { chooseEngine, type EngineChoice, LoopThread } from 'reactor'
import type { LoadCommand, LoadEvent } from './load-thread.js'
import { checkMachineLimits } from './machine-limits.js'
import type { LoadPlan, Resolved } from './plan.js'
import { Problems } from './problems.js'
import { resolvePlan, workloadOf } from './registry.js'
import type { Interval, LoadReport, Progress } from './report.js'
import type { Assignment } from './session.js'

/** A load that is running in a thread of its own. */
export interface LoadRun {
  /** The plan with every default filled in. */
  readonly plan: Resolved<LoadPlan>
  readonly engine: EngineChoice
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

/**
 * Starts what the plan says. Rejects with a UsageError that names everything that is wrong with the plan or beyond this
 * machine's limits, and with a Failure when a target's name does not resolve.
 */
export async function startLoad(plan: LoadPlan, options: LoadOptions = {}): Promise<LoadRun> {
  const resolved = resolvePlan(plan)
  const connections = workloadOf(resolved).connections(resolved)
  const problems = new Problems()
  checkMachineLimits(connections, resolved.targets, problems)
  problems.settle()
  const engine = await chooseEngine(resolved.engine).catch(error => {
    throw new UsageError((error as Error).message)
  })
  const addresses = await Promise.all(resolved.targets.map(({ host }) => resolveHost(host)))
  const progressInterval = options.onProgress === undefined ? 0 : (options.progressInterval ?? 500)
  const run = new ThreadedRun(resolved, engine, options)
  await run.start({ plan: resolved, connections, addresses, progressInterval })
  return run
}

class ThreadedRun implements LoadRun {
  readonly plan: Resolved<LoadPlan>
  readonly engine: EngineChoice
  readonly report: Promise<LoadReport>
  readonly #options: LoadOptions
  readonly #asking: ((progress: Progress) => void)[] = []
  #finish!: (report: LoadReport) => void
  #fault!: (error: Error) => void
  #thread: LoopThread<LoadCommand> | undefined
  /** Where the run stood when it ended. */
  #last: Progress | undefined

  constructor(plan: Resolved<LoadPlan>, engine: EngineChoice, options: LoadOptions) {
    this.plan = plan
    this.engine = engine
    this.#options = options
    this.report = new Promise((resolve, reject) => {
      this.#finish = resolve
      this.#fault = reject
    })
    // Whoever waits for the report still hears of the fault; nobody else has to.
    this.report.catch(() => {})
  }

  async start(assignment: Assignment): Promise<void> {
    this.#thread = await LoopThread.start<Assignment, LoadCommand, LoadEvent>({
      module: new URL('./load-thread.js', import.meta.url),
      engine: this.engine.engine,
      data: assignment,
      onEvent: event => this.#take(event),
      onEnd: error => this.#fault(error ?? new Error('the load thread ended without a report')),
    })
    if (this.#last !== undefined) this.#thread.requestStop()
  }

  #take(event: LoadEvent): void {
    const { progress } = event
    if (event.kind === 'progress' && event.asked) this.#asking.shift()?.(progress)
    else this.#options.onProgress?.(progress)
    if (event.kind === 'progress') return
    this.#last = progress
    this.#finish(event.report)
    this.#thread?.requestStop()
  }

  progress(): Promise<Progress> {
    if (this.#last !== undefined) return Promise.resolve(this.#last)
    const answer = new Promise<Progress>(resolve => this.#asking.push(resolve))
    this.#post({ kind: 'tell progress' })
    return Promise.race([answer, this.report.then(() => this.#last as Progress)])
  }

  startReading(): void {
    this.#post({ kind: 'start reading' })
  }

  stop({ drain = false }: { readonly drain?: boolean } = {}): Promise<LoadReport> {
    this.#post({ kind: 'stop', drain })
    return this.report
  }

  #post(command: LoadCommand): void {
    if (this.#last === undefined) this.#thread?.post(command)
  }
}
