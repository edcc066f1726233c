import { type Loop, SystemError } from 'reactor'
import { numberOf, portion, type Share, shareOf } from '../pacing/share.js'
import type { PayloadMemory } from '../payload/payload-memory.js'
import type { LoadPlan, Resolved, Target } from '../plan.js'
import type { LoadFailure, Phase, Progress } from '../report.js'
import type { Connection } from './connection.js'
import type { CreateDriver, Driver } from './driver.js'
import { IntervalCounts } from './interval-counts.js'
import { Opener } from './opener.js'
import type { Assignment, Samples, ThreadInterval, ThreadReport } from './protocol.js'
import { SampleWriter } from './sample-writer.js'
import { sendBlockSize } from './send-block-size.js'
import { SendSpace } from './send-space.js'
import { progressOf, reportOf } from './standing.js'
import { Tally } from './tally.js'
import { Timeline } from './timeline.js'

/** How often stalls are looked for, in milliseconds, which is also how late they are found. */
const watchInterval = 250

export interface SessionEvents {
  /** Every connection of this thread stands, or has ended. */
  onConnected(): void
  onSamples(samples: Samples): void
  onInterval(interval: ThreadInterval): void
  onProgress(progress: Progress): void
  /** Called once: every connection has ended. */
  onFinish(report: ThreadReport): void
}

/** One thread's share of a run, on its loop: opens the connections, and ends when they have. */
export class Session {
  readonly loop: Loop
  readonly memory: PayloadMemory
  readonly plan: Resolved<LoadPlan>
  readonly share: Share
  /** Connections that the plan comes to, all shares together. */
  readonly planned: number
  readonly sendSpace: SendSpace
  readonly tally: Tally
  readonly timeline: Timeline
  readonly #assignment: Assignment
  readonly #driver: Driver
  readonly #events: SessionEvents
  readonly #opener: Opener
  readonly #samples: SampleWriter
  readonly #counts: IntervalCounts
  readonly #live = new Set<Connection>()
  #startedAt = Number.NaN
  #connecting = 0
  #toldAt = 0
  #readingStarted = false
  #preparing = false
  #traffic = false
  #draining = false
  #cutShort = false
  #finished = false

  constructor(
    loop: Loop,
    memory: PayloadMemory,
    assignment: Assignment,
    createDriver: CreateDriver<LoadPlan>,
    events: SessionEvents
  ) {
    const { plan, connections, openConnections, samples, thread } = assignment
    this.loop = loop
    this.memory = memory
    this.plan = plan
    this.share = shareOf(plan.segment, thread, plan.threads)
    this.planned = connections
    this.sendSpace = new SendSpace(memory.allocateRegion, sendBlockSize(plan))
    this.tally = new Tally(plan.targets, connections, this.share, openConnections)
    this.#assignment = assignment
    this.#events = events
    this.#samples = new SampleWriter(samples, spilt => events.onSamples(spilt))
    this.#counts = new IntervalCounts(this.tally, this.#live)
    this.timeline = new Timeline(plan.interval, stretch => {
      this.#samples.endInterval()
      events.onInterval(this.#counts.take(stretch, this.#startedAt))
    })
    this.#opener = new Opener({
      loop,
      connections,
      rate: plan.connectRate,
      share: this.share,
      open: number => {
        const connection = this.#driver.createConnection?.(number)
        if (connection !== undefined) this.open(connection)
      },
    })
    this.#driver = createDriver(this, plan)
  }

  /** Begins as soon as the thread's clock has reached `at`. */
  begin(at: number): void {
    this.loop.timer(Math.max(0, at - performance.now()), () => {
      if (this.#finished) return
      this.#startedAt = at
      this.#toldAt = at
      this.#counts.begin()
      this.timeline.start(at)
      this.#driver.start?.()
      if (this.#opener.planned === 0) this.#connected()
      else this.#opener.start(at)
      this.#watch()
      this.#cutIntervals()
    })
  }

  /** Milliseconds since the beginning. */
  get elapsed(): number {
    return Number.isNaN(this.#startedAt) ? 0 : Math.max(0, this.loop.now - this.#startedAt)
  }

  /** The same for a moment of the thread's clock. */
  elapsedAt(at: number): number {
    return at - this.#startedAt
  }

  get readingStarted(): boolean {
    return this.#readingStarted
  }

  get phase(): Phase {
    return this.timeline.phase
  }

  /** Connections that have begun and not ended. */
  get live(): ReadonlySet<Connection> {
    return this.#live
  }

  /** How many of `total` are this share's. */
  portion(total: number): number {
    return portion(total, this.share)
  }

  /** The number of this share's connection `ordinal`, from 0. */
  numberOf(ordinal: number): number {
    return numberOf(ordinal, this.share)
  }

  targetOf(connection: Connection): Target {
    return this.plan.targets[this.tally.targetIndexOf(connection)] as Target
  }

  addressOf(connection: Connection): { host: string; port: number } {
    const index = this.tally.targetIndexOf(connection)
    return { host: this.#assignment.addresses[index] as string, port: this.targetOf(connection).port }
  }

  /** Begins a connection. What can be told at once of a failure is told at once. */
  open(connection: Connection): void {
    this.#live.add(connection)
    this.#connecting++
    try {
      connection.open()
    } catch (error) {
      if (!(error instanceof SystemError)) throw error
      connection.fail('other', { story: `cannot connect: ${error.message}`, error })
    }
  }

  /** It took so many milliseconds. */
  connectionEstablished(connection: Connection, duration: number): void {
    this.tally.establish(connection)
    this.#samples.addConnect(this.phase !== 'warmup', duration)
    this.#connectingDone()
  }

  #connectingDone(): void {
    this.#connecting--
    if (this.#connecting === 0 && this.#opener.done) this.#connected()
  }

  // A thread on its own needs nobody to tell it that the others are there too.
  #connected(): void {
    if (this.#traffic || this.#finished || this.#preparing) return
    this.#preparing = true
    if (this.#driver.prepare === undefined) this.#ready()
    else this.#driver.prepare(() => this.#ready())
  }

  #ready(): void {
    if (this.#finished) return
    if (this.plan.threads === 1) this.startTraffic(performance.now())
    else this.#events.onConnected()
  }

  /** Every connection of the run stands or has ended since `at` of the thread's clock: the ramp is over. */
  startTraffic(at: number): void {
    if (this.#traffic || this.#finished || this.#draining) return
    this.#traffic = true
    const { timeline } = this
    const { warmup } = this.plan
    const { duration = 0 } = this.#driver
    const later = (time: number, next: () => void) => this.loop.timer(Math.max(0, time - performance.now()), next)
    timeline.enter(warmup > 0 ? 'warmup' : 'measured', performance.now())
    timeline.measuredFrom = at + warmup
    if (duration > 0) {
      timeline.measuredUntil = at + warmup + duration
      later(timeline.measuredUntil, () => this.drain())
    }
    if (warmup > 0) later(at + warmup, () => this.#enter('measured'))
    this.#driver.traffic?.(at)
  }

  #enter(phase: Phase): void {
    if (!this.#finished && !this.#draining) this.timeline.enter(phase, performance.now())
  }

  /**
   * A message has come back whole: it was due and sent at these moments of the thread's clock (due -1: whenever).
   * `operation`: what it was, where latencies are told apart by that.
   */
  messageEchoed(connection: Connection, due: number, sentAt: number, now: number, operation?: 'get' | 'set'): void {
    const at = due < 0 ? sentAt : due
    const kept = this.timeline.measures(at)
    this.#samples.addFromSend(kept, now - sentAt)
    if (due >= 0) this.#samples.addFromDue(kept, now - due)
    if (operation === 'get') this.#samples.addGet(kept, now - at)
    else if (operation === 'set') this.#samples.addSet(kept, now - at)
    connection.messages++
    this.tally.echo(now - sentAt)
  }

  connectionEnded(connection: Connection, failure: LoadFailure | undefined): void {
    this.#live.delete(connection)
    this.tally.end(connection, failure === undefined ? 'completed' : 'failed')
    if (failure !== undefined) this.tally.fail(connection, failure)
    // Where no target was ever reached more attempts would only repeat the failure.
    const hopeless = failure !== undefined && !connection.established && this.tally.hopeless
    const wrong = failure?.kind === 'wrong bytes' && this.plan.wrongBytesEnd === 'run'
    const all = this.#driver.createConnection === undefined ? this.#draining : this.#opener.done
    if (wrong || hopeless) this.finish()
    else if (this.#live.size === 0 && all) this.finish()
    else if (!connection.established) this.#connectingDone()
  }

  /** From now on every connection reads what comes back, also the ones that are yet to be established. */
  startReading(): void {
    this.#readingStarted = true
    for (const connection of this.#live) connection.startReading()
  }

  /** Lets every connection complete what it has begun; the run ends with the last one. */
  drain(): void {
    if (this.#draining || this.#finished) return
    this.#enter('drain')
    this.completeOutstanding()
  }

  /** The same, but what is outstanding still counts as measured: for work whose amount was planned. */
  completeOutstanding(): void {
    if (this.#draining || this.#finished) return
    this.#draining = true
    this.#opener.stop()
    this.#driver.stop?.(true)
    for (const connection of [...this.#live]) {
      if (connection.established) connection.drain()
      else if (!connection.finishesConnecting) this.#abandon(connection)
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
    this.#driver.stop?.(false)
    const end = performance.now()
    for (const connection of [...this.#live]) this.#abandon(connection)
    if (!Number.isNaN(this.#startedAt)) this.timeline.end(end)
    this.#events.onFinish(reportOf(this, this.#driver, this.#cutShort))
  }

  #abandon(connection: Connection): void {
    connection.abandon()
    // It may have ended by itself after all, with a failure that it was about to report.
    if (this.#live.delete(connection)) this.tally.end(connection, 'abandoned')
  }

  #cutIntervals(): void {
    if (this.#finished) return
    const next = this.timeline.tick(performance.now())
    this.loop.timer(Math.max(0, next - performance.now()), () => this.#cutIntervals())
  }

  #watch(): void {
    if (this.#finished) return
    this.#samples.publish()
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
    return progressOf(this)
  }
}
