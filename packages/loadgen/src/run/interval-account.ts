import type { LatencyKind } from '../measurement/latency-kind.js'
import type { FailureCounts, FailureKind, Interval, Measured } from '../report.js'
import type { LoadEvent, ThreadInterval } from '../thread/protocol.js'
import { LatencyAccount } from './latency-account.js'
import { SampleReader } from './sample-reader.js'

type Entry = Extract<LoadEvent, { kind: 'samples' | 'interval' }>

type Counts = Omit<Interval, LatencyKind>

/** CPU time in milliseconds. */
interface Cpu {
  readonly threads: number[]
  process: number
  /** The time in which the process used it, by its main thread, which hears of an interval's end a little later. */
  processTime: number
}

/** Puts the intervals of all threads together, and what was recorded in them. */
export class IntervalAccount {
  readonly intervals: Interval[] = []
  readonly latency = new LatencyAccount()
  /** What has come from each thread and waits for the others. */
  readonly #inboxes: Entry[][]
  readonly #readers: readonly SampleReader[]
  readonly #ended: boolean[]
  readonly #onInterval: (interval: Interval) => void
  /** Used in the measured phase, and in the whole run. */
  readonly #measuredCpu: Cpu
  readonly #totalCpu: Cpu
  #lastTaken = { cpu: process.cpuUsage(), at: performance.now() }

  /** Each thread has its ring of samples. */
  constructor(rings: readonly SharedArrayBuffer[], onInterval: (interval: Interval) => void) {
    this.#inboxes = rings.map(() => [])
    this.#readers = rings.map(ring => new SampleReader(ring))
    this.#ended = rings.map(() => false)
    this.#onInterval = onInterval
    this.#measuredCpu = noCpu(rings.length)
    this.#totalCpu = noCpu(rings.length)
  }

  /** The run begins: what was used to get ready is not its cost. */
  begin(): void {
    this.#takeProcessCpu()
  }

  /** What the process has used since the last call, and in what time, both in milliseconds. */
  #takeProcessCpu(): { used: number; time: number } {
    const now = { cpu: process.cpuUsage(), at: performance.now() }
    const last = this.#lastTaken
    this.#lastTaken = now
    const used = (now.cpu.user + now.cpu.system - last.cpu.user - last.cpu.system) / 1000
    return { used, time: now.at - last.at }
  }

  /** Records the samples that have come. To be called often: what is left for an interval's end takes long then. */
  collect(): void {
    for (const reader of this.#readers) reader.collect(this.latency.record)
  }

  take(thread: number, entry: Entry): void {
    this.#inboxes[thread]?.push(entry)
    this.#settle()
  }

  /** Nothing more will come from this thread. */
  end(thread: number): void {
    this.#ended[thread] = true
    this.#settle()
  }

  #settle(): void {
    for (;;) {
      this.collect()
      const waiting = this.#inboxes.map((inbox, thread) => this.#nextInterval(inbox, thread))
      if (waiting.includes('to come')) return
      const next = waiting.filter(entry => typeof entry === 'object')
      if (next.length === 0) return
      const first = next.reduce((one, other) => (precedes(other, one) ? other : one))
      this.#merge(waiting.map(entry => (typeof entry === 'object' && sameInterval(entry, first) ? entry : undefined)))
    }
  }

  /** Records the samples that precede the interval that a thread has told of. */
  #nextInterval(inbox: Entry[], thread: number): ThreadInterval | 'to come' | 'none' {
    // Those of a later interval have to wait until the one before it is complete: they stand behind it.
    while (inbox[0]?.kind === 'samples') this.latency.recordAll(inbox.shift() as Extract<Entry, { kind: 'samples' }>)
    const [interval] = inbox
    if (interval !== undefined) return interval as ThreadInterval
    return this.#ended[thread] ? 'none' : 'to come'
  }

  #merge(parts: readonly (ThreadInterval | undefined)[]): void {
    parts.forEach((part, thread) => {
      if (part === undefined) return
      this.#inboxes[thread]?.shift()
      this.#readers[thread]?.completeInterval()
    })
    const present = parts.filter(part => part !== undefined)
    const counts = sum(present.map(part => part.counts))
    const interval = {
      ...counts,
      start: this.intervals.at(-1)?.end ?? counts.start,
      ...this.latency.takeInterval(),
    }
    this.#chargeCpu(parts, counts.phase === 'measured')
    this.intervals.push(interval)
    this.#onInterval(interval)
  }

  #chargeCpu(parts: readonly (ThreadInterval | undefined)[], measured: boolean): void {
    const { used, time } = this.#takeProcessCpu()
    for (const cpu of measured ? [this.#totalCpu, this.#measuredCpu] : [this.#totalCpu]) {
      cpu.process += used
      cpu.processTime += time
      parts.forEach((part, thread) => {
        cpu.threads[thread] = (cpu.threads[thread] ?? 0) + (part?.cpu ?? 0)
      })
    }
  }

  /** What was done while it was measured: the sum of those intervals. */
  get measured(): Measured {
    const steady = this.intervals.filter(({ phase }) => phase === 'measured')
    const total = (figure: (interval: Interval) => number) => steady.reduce((sum, one) => sum + figure(one), 0)
    return {
      start: steady[0]?.start ?? 0,
      elapsed: (steady.at(-1)?.end ?? 0) - (steady[0]?.start ?? 0),
      messages: total(one => one.messages),
      connections: total(one => one.established),
      sent: total(one => one.sent),
      verified: total(one => one.verified),
    }
  }

  /** CPU over the measured phase, or over the run where there was none, in percent of one core. */
  get cpu(): { readonly process: number; readonly threads: number[] } {
    const steady = this.measured.elapsed > 0
    const cpu = steady ? this.#measuredCpu : this.#totalCpu
    const elapsed = steady ? this.measured.elapsed : (this.intervals.at(-1)?.end ?? 0)
    const percent = (used: number, time: number) => (time > 0 ? Math.round((1000 * used) / time) / 10 : 0)
    return {
      process: percent(cpu.process, cpu.processTime),
      threads: cpu.threads.map(used => percent(used, elapsed)),
    }
  }
}

function noCpu(threads: number): Cpu {
  return { process: 0, processTime: 0, threads: Array.from({ length: threads }, () => 0) }
}

const phases = ['ramp', 'warmup', 'measured', 'drain']

function precedes(one: ThreadInterval, other: ThreadInterval): boolean {
  const difference = phases.indexOf(one.counts.phase) - phases.indexOf(other.counts.phase)
  return difference < 0 || (difference === 0 && one.slot < other.slot)
}

function sameInterval(one: ThreadInterval, other: ThreadInterval): boolean {
  return one.counts.phase === other.counts.phase && one.slot === other.slot
}

function sum(parts: readonly Counts[]): Counts {
  const total = (figure: (counts: Counts) => number) => parts.reduce((sum, part) => sum + figure(part), 0)
  return {
    phase: (parts[0] as Counts).phase,
    start: total(part => part.start) / parts.length,
    end: total(part => part.end) / parts.length,
    sent: total(part => part.sent),
    verified: total(part => part.verified),
    messages: total(part => part.messages),
    established: total(part => part.established),
    ended: total(part => part.ended),
    open: total(part => part.open),
    failures: sumOfFailures(parts.map(part => part.failures)),
  }
}

/** Failures of several shares, by kind. */
export function sumOfFailures(parts: readonly FailureCounts[]): FailureCounts {
  const counts: FailureCounts = {}
  for (const part of parts) {
    for (const [kind, count] of Object.entries(part) as [FailureKind, number][]) {
      counts[kind] = (counts[kind] ?? 0) + count
    }
  }
  return counts
}
