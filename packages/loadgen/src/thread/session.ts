import { Arena, type Loop, SystemError } from 'reactor'
import type { Connection } from './connection.js'
import type { PayloadMemory } from './payload/payload-memory.js'
import type { LoadPlan, Resolved, Target } from './plan.js'
import type { ConnectionProgress, LoadFailure, LoadReport, Progress, Verdict } from './report.js'
import { Tally } from './tally.js'

/** What one write offers to the kernel at most. */
const sendBlockSize = 256 * 1024

/** Progress is told for each connection where there are no more than this. */
const fewConnections = 16

/** How often stalls are looked for, in milliseconds, which is also how late they are found. */
const watchInterval = 250

/** Connections are opened in bursts this far apart, in milliseconds, where the rate asks for more than one each. */
const openInterval = 10

/** What a load thread is given to do. */
export interface Assignment<Plan extends LoadPlan = LoadPlan> {
  readonly plan: Resolved<Plan>
  /** How many connections the plan comes to. */
  readonly connections: number
  /** The IP addresses of the plan's targets, in their order. */
  readonly addresses: readonly string[]
  /** Progress is told every so many milliseconds; 0: only when asked. */
  readonly progressInterval: number
}

/** What a workload does on the loop's thread; drivers.ts has them by name. */
export interface Driver<Plan extends LoadPlan> {
  createConnection(session: Session, plan: Resolved<Plan>, number: number): Connection
  /** The run begins: time to set timers. */
  start?(session: Session, plan: Resolved<Plan>): void
  /** Every planned connection has been established or has ended. */
  connected?(session: Session, plan: Resolved<Plan>): void
  /** Share of the planned work that is done, 0 to 1; undefined where no end is planned. */
  done(progress: Progress, plan: Resolved<Plan>): number | undefined
  /** Messages that are planned, where the workload counts in messages. */
  messages?(plan: Resolved<Plan>): number
}

export interface SessionEvents {
  onProgress(progress: Progress): void
  /** Called once: every connection has ended. */
  onFinish(report: LoadReport): void
}

/** One run on one loop: opens the connections, and ends when they have. */
export class Session {
  readonly loop: Loop
  readonly memory: PayloadMemory
  readonly plan: Resolved<LoadPlan>
  /** Connections that the plan comes to. */
  readonly planned: number
  /** Blocks for bytes to send. */
  readonly arena: Arena
  readonly tally: Tally
  readonly #assignment: Assignment
  readonly #driver: Driver<LoadPlan>
  readonly #events: SessionEvents
  readonly #live = new Set<Connection>()
  #startedAt = 0
  #begun = 0
  #connecting = 0
  #toldAt = 0
  #readingStarted = false
  #draining = false
  #cutShort = false
  #finished = false

  constructor(
    loop: Loop,
    memory: PayloadMemory,
    assignment: Assignment,
    driver: Driver<LoadPlan>,
    events: SessionEvents
  ) {
    this.loop = loop
    this.memory = memory
    this.plan = assignment.plan
    this.planned = assignment.connections
    this.arena = new Arena(memory.allocateRegion, sendBlockSize)
    this.tally = new Tally(this.plan.targets, this.planned)
    this.#assignment = assignment
    this.#driver = driver
    this.#events = events
  }

  /** Begins as soon as the loop turns. */
  start(): void {
    this.loop.timer(0, () => {
      this.#startedAt = this.loop.now
      this.#toldAt = this.loop.now
      this.#driver.start?.(this, this.plan)
      this.#openDue()
      this.#watch()
    })
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return this.#startedAt === 0 ? 0 : this.loop.now - this.#startedAt
  }

  get readingStarted(): boolean {
    return this.#readingStarted
  }

  /** Connections that have begun and not ended. */
  get live(): Iterable<Connection> {
    return this.#live
  }

  targetOf(connection: Connection): Target {
    return this.plan.targets[this.tally.targetIndexOf(connection)] as Target
  }

  addressOf(connection: Connection): { host: string; port: number } {
    const index = this.tally.targetIndexOf(connection)
    return { host: this.#assignment.addresses[index] as string, port: this.targetOf(connection).port }
  }

  #openDue(): void {
    const rate = this.plan.connectRate
    const due = rate === 0 ? this.planned : Math.min(this.planned, Math.floor((this.elapsed * rate) / 1000) + 1)
    while (this.#begun < due && !this.#finished && !this.#draining) this.#openNext()
    if (this.#begun === this.planned || this.#finished || this.#draining) return
    this.loop.timer(Math.max(openInterval, 1000 / rate), () => this.#openDue())
  }

  #openNext(): void {
    const connection = this.#driver.createConnection(this, this.plan, this.#begun++)
    this.#live.add(connection)
    this.#connecting++
    try {
      connection.open()
    } catch (error) {
      if (!(error instanceof SystemError)) throw error
      connection.fail('other', { story: `cannot connect: ${error.message}`, error })
    }
  }

  connectionEstablished(connection: Connection): void {
    this.tally.establish(connection)
    this.#connectingDone()
  }

  #connectingDone(): void {
    this.#connecting--
    if (this.#connecting === 0 && this.#begun === this.planned) this.#driver.connected?.(this, this.plan)
  }

  connectionEnded(connection: Connection, failure: LoadFailure | undefined): void {
    this.#live.delete(connection)
    this.tally.end(connection, failure === undefined ? 'completed' : 'failed')
    if (failure !== undefined) this.tally.fail(failure)
    // Wrong bytes settle the verdict, and where nothing was ever reached more attempts would only repeat the failure.
    const hopeless = failure !== undefined && !connection.established && !this.tally.reached(connection)
    if (failure?.kind === 'wrong bytes' || hopeless) this.finish()
    else if (this.#live.size === 0 && (this.#begun === this.planned || this.#draining)) this.finish()
    else if (!connection.established) this.#connectingDone()
  }

  /** From now on every connection reads what comes back, also the ones that are yet to be established. */
  startReading(): void {
    this.#readingStarted = true
    for (const connection of this.#live) connection.startReading()
  }

  /** Lets every connection complete what it has begun; the run ends with the last one. */
  drain(): void {
    if (this.#draining) return
    this.#draining = true
    for (const connection of [...this.#live]) {
      if (connection.established) connection.drain()
      else this.#abandon(connection)
    }
    if (this.#live.size === 0) this.finish()
  }

  /** Ends the run now, before its work is done. */
  cutShort(): void {
    this.#cutShort = true
    this.finish()
  }

  /** Ends the run now; what is still open is closed without a judgement. */
  finish(): void {
    if (this.#finished) return
    this.#finished = true
    for (const connection of [...this.#live]) this.#abandon(connection)
    this.#events.onFinish(this.#report())
  }

  #abandon(connection: Connection): void {
    connection.abandon()
    // It may have ended by itself after all, with a failure that it was about to report.
    if (this.#live.delete(connection)) this.tally.end(connection, 'abandoned')
  }

  #watch(): void {
    if (this.#finished) return
    const { stallTimeout } = this.plan
    for (const connection of this.#live) {
      if (stallTimeout > 0 && connection.impatient && connection.sinceProgress >= stallTimeout) connection.stall()
    }
    const { progressInterval } = this.#assignment
    if (progressInterval > 0 && this.loop.now - this.#toldAt >= progressInterval) {
      this.#toldAt = this.loop.now
      this.#events.onProgress(this.progress())
    }
    if (!this.#finished) this.loop.timer(watchInterval, () => this.#watch())
  }

  progress(): Progress {
    let { sent, received, verified } = this.tally.traffic
    let sinceProgress = 0
    for (const connection of this.#live) {
      sent += connection.sent
      received += connection.received
      verified += connection.verified
      sinceProgress = Math.max(sinceProgress, connection.sinceProgress)
    }
    const progress = {
      elapsed: this.elapsed,
      phase: 'measured' as const,
      failureCounts: this.tally.failureCounts,
      connections: this.tally.counts,
      sent,
      received,
      verified,
      sinceProgress,
      ...(this.#driver.messages === undefined ? {} : { messages: this.tally.messagesEchoed }),
      ...(this.#live.size > fewConnections ? {} : { each: [...this.#live].map(one => this.#progressOf(one)) }),
    }
    const done = this.#driver.done(progress, this.plan)
    return done === undefined ? progress : { ...progress, done }
  }

  #progressOf(connection: Connection): ConnectionProgress {
    const { number, sent, received, verified, sinceProgress } = connection
    return { connection: number, target: this.targetOf(connection), sent, received, verified, sinceProgress }
  }

  #report(): LoadReport {
    const { tally } = this
    const planned = this.#driver.messages?.(this.plan)
    return {
      verdict: this.#verdict(),
      plan: this.plan,
      engine: this.loop.engine,
      elapsed: this.elapsed,
      connections: tally.counts,
      targets: tally.targetReports(),
      ...tally.traffic,
      stalls: tally.stalls,
      ...(planned === undefined ? {} : { messages: tally.messageReport(planned) }),
      failures: tally.failures,
      failureCounts: tally.failureCounts,
      latency: {},
      intervals: [],
      measured: { start: 0, elapsed: 0, messages: 0, connections: 0, sent: 0, verified: 0 },
      generator: { cpuPercent: 0, threads: [], peakRss: 0 },
      environment: { loadgen: '', node: '', kernel: '', cpu: '', cores: 0, memory: 0, startedAt: '' },
    }
  }

  #verdict(): Verdict {
    if (this.tally.failureCounts['wrong bytes'] !== undefined) return 'wrong bytes'
    if (this.tally.failures.length > 0) return 'connection failed'
    return this.#cutShort ? 'stopped' : 'ok'
  }
}
