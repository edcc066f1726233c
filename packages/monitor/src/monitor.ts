import pidusage from 'pidusage'
import { CpuAccount } from './cpu-account.js'
import { countDescriptors, readContextSwitches, readPss } from './process-details.js'
import { identityOf, type ProcessStat, readProcessStat } from './process-stat.js'
import { ProcessTree } from './process-tree.js'
import type { ProcessSample, Sample } from './sample.js'
import { type Summary, summarise } from './summary.js'

/** Clock ticks are hundredths of a second on every Linux that Node runs on (sysconf(3), _SC_CLK_TCK). */
const millisecondsPerTick = 10

export interface MonitorOptions {
  /** Milliseconds between samples. Below 500 the 10 ms steps of the kernel's clock show in `cpuPercent`. */
  readonly interval: number
  onSample?(sample: Sample): void
  /** No member of the tree runs any more. */
  onEnd?(): void
  /** Who belongs to the program, where the caller knows better than parentage tells. Pids. */
  members?(): readonly number[]
}

/** What the monitor itself has used. */
export interface OwnCost {
  /** Percent of one core, of this whole process since the monitor started. */
  readonly cpuPercent: number
  readonly rssBytes: number
}

/** What the kernel and pidusage say of one member at a sample. */
interface Observation {
  readonly stat: ProcessStat
  /** CPU time of its own in milliseconds. */
  readonly own: number
  readonly rssBytes: number
}

/** Samples a process and all that it started, at an interval, until `stop` or until the last of them has ended. */
export class Monitor {
  readonly samples: Sample[] = []
  #ended = false
  readonly #options: MonitorOptions
  readonly #members: () => ProcessStat[]
  readonly #startedAt = performance.now()
  readonly #ownCpuAtStart = process.cpuUsage()
  readonly #account = new CpuAccount()
  /** CPU time of each member's own at the last sample, in milliseconds. */
  #ownBefore = new Map<string, number>()
  #switchesAtStart: { voluntary: number; involuntary: number } | undefined
  #timer: NodeJS.Timeout | undefined
  #sampling: Promise<Sample | undefined> = Promise.resolve(undefined)
  #stopped = false

  private constructor(pid: number, options: MonitorOptions) {
    this.#options = options
    const tree = new ProcessTree(pid)
    const { members } = options
    this.#members = members ? () => members().flatMap(member => readProcessStat(member) ?? []) : () => tree.members()
  }

  /**
   * Takes the first sample and starts. Rejects with an error of code `ESRCH` when no such process runs.
   */
  static async start(pid: number, options: MonitorOptions): Promise<Monitor> {
    const monitor = new Monitor(pid, options)
    const first = await monitor.#sample()
    if (first === undefined) {
      throw Object.assign(new Error(`no process with pid ${pid} runs`), { code: 'ESRCH', syscall: 'kill' })
    }
    monitor.#schedule(performance.now() + options.interval)
    return monitor
  }

  /** True when the last member has ended; there are no further samples then. */
  get ended(): boolean {
    return this.#ended
  }

  get ownCost(): OwnCost {
    const { user, system } = process.cpuUsage(this.#ownCpuAtStart)
    const elapsed = (performance.now() - this.#startedAt) * 1000
    return { cpuPercent: (100 * (user + system)) / elapsed, rssBytes: process.memoryUsage.rss() }
  }

  /** Takes a sample now, besides those of the interval. The last one again when everything has ended. */
  async sampleNow(): Promise<Sample> {
    return (await this.#sample()) ?? (this.samples.at(-1) as Sample)
  }

  /** Takes a last sample, ends the monitor and sums up. */
  async stop(): Promise<Summary> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#sample()
    pidusage.clear()
    return summarise(this.samples)
  }

  #schedule(due: number): void {
    if (this.#stopped || this.#ended) return
    this.#timer = setTimeout(
      async () => {
        await this.#sample()
        // A busy machine skips beats rather than to take two at once.
        this.#schedule(Math.max(due + this.#options.interval, performance.now() + this.#options.interval / 2))
      },
      Math.max(0, due - performance.now())
    )
  }

  #sample(): Promise<Sample | undefined> {
    this.#sampling = this.#sampling.then(() => (this.#ended ? undefined : this.#observe()))
    return this.#sampling
  }

  async #observe(): Promise<Sample | undefined> {
    const stats = this.#members()
    const usages = await usagesOf(stats)
    const observations = stats.flatMap((stat): Observation[] => {
      const usage = usages[stat.pid]
      return usage ? [{ stat, own: usage.ctime, rssBytes: usage.memory }] : []
    })
    if (observations.length === 0) {
      this.#finish()
      return undefined
    }
    const sample = this.#toSample(observations)
    this.samples.push(sample)
    this.#options.onSample?.(sample)
    return sample
  }

  #finish(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#options.onEnd?.()
  }

  #toSample(observations: readonly Observation[]): Sample {
    const atMilliseconds = performance.now() - this.#startedAt
    const previous = this.samples.at(-1)
    const elapsed = atMilliseconds - (previous?.atMilliseconds ?? atMilliseconds)
    const percent = (milliseconds: number) => (elapsed > 0 ? (100 * milliseconds) / elapsed : 0)
    const cpuSeconds = this.#updateAccount(observations) / 1000
    const processes = observations.map(observation => this.#processSample(observation, percent))
    this.#ownBefore = new Map(observations.map(({ stat, own }) => [identityOf(stat), own]))
    const switches = this.#switches(observations)
    return {
      atMilliseconds,
      cpuPercent: percent((cpuSeconds - (previous?.cpuSeconds ?? cpuSeconds)) * 1000),
      cpuSeconds,
      rssBytes: processes.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
      pssBytes: sumIfKnown(processes.map(({ pssBytes }) => pssBytes)),
      processes,
      threads: observations.reduce((sum, { stat }) => sum + stat.threads, 0),
      descriptors: sumIfKnown(observations.map(({ stat }) => countDescriptors(stat.pid))),
      // Threads that end take their counts with them.
      voluntarySwitches: Math.max(previous?.voluntarySwitches ?? 0, switches.voluntary),
      involuntarySwitches: Math.max(previous?.involuntarySwitches ?? 0, switches.involuntary),
    }
  }

  #updateAccount(observations: readonly Observation[]): number {
    const identities = new Map(observations.map(({ stat }) => [stat.pid, identityOf(stat)]))
    return this.#account.update(
      observations.map(({ stat, own }) => ({
        identity: identityOf(stat),
        parent: identities.get(stat.parent),
        own,
        children: stat.childrenTicks * millisecondsPerTick,
      }))
    )
  }

  #processSample({ stat, own, rssBytes }: Observation, percent: (milliseconds: number) => number): ProcessSample {
    const before = this.#ownBefore.get(identityOf(stat)) ?? own
    return { pid: stat.pid, name: stat.name, cpuPercent: percent(own - before), rssBytes, pssBytes: readPss(stat.pid) }
  }

  #switches(observations: readonly Observation[]): { voluntary: number; involuntary: number } {
    let [voluntary, involuntary] = [0, 0]
    for (const { stat } of observations) {
      const switches = readContextSwitches(stat.pid)
      voluntary += switches.voluntary
      involuntary += switches.involuntary
    }
    this.#switchesAtStart ??= { voluntary, involuntary }
    return {
      voluntary: voluntary - this.#switchesAtStart.voluntary,
      involuntary: involuntary - this.#switchesAtStart.involuntary,
    }
  }
}

type Usages = Record<string, { ctime: number; memory: number } | undefined>

// pidusage's own percentage is 0 the first time and moves in steps of 10 ms: only its CPU time and RSS are used.
async function usagesOf(stats: readonly ProcessStat[]): Promise<Usages> {
  if (stats.length === 0) return {}
  try {
    return await pidusage(stats.map(({ pid }) => pid))
  } catch {
    // All of them have ended since they were listed.
    return {}
  }
}

function sumIfKnown(values: readonly (number | undefined)[]): number | undefined {
  let sum = 0
  for (const value of values) {
    if (value === undefined) return undefined
    sum += value
  }
  return sum
}
