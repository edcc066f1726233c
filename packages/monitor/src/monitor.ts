import type { Sample } from './sample.js'
import { Sampler } from './sampler.js'
import { type Summary, summarise } from './summary.js'

export interface MonitorOptions {
  /** Milliseconds between samples. Below 500 the 10 ms steps of the kernel's clock show in `cpuPercent`. */
  readonly interval: number
  /** Default true. False for a watch without end: `samples` has only the last one, and the summary knows no other. */
  readonly keepSamples?: boolean
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

/** Samples a process and all that it started, at an interval, until `stop` or until the last of them has ended. */
export class Monitor {
  readonly samples: Sample[] = []
  #ended = false
  readonly #options: MonitorOptions
  readonly #sampler: Sampler
  readonly #startedAt = performance.now()
  readonly #ownCpuAtStart = process.cpuUsage()
  #timer: NodeJS.Timeout | undefined
  #sampling: Promise<Sample | undefined> = Promise.resolve(undefined)
  #stopped = false

  private constructor(pid: number, options: MonitorOptions) {
    this.#options = options
    this.#sampler = new Sampler(pid, options.members)
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

  /** The pids of all that run at this moment. */
  members(): number[] {
    return this.#sampler.members()
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
    const sample = await this.#sampler.take(this.samples.at(-1))
    if (sample === undefined) {
      this.#ended = true
      clearTimeout(this.#timer)
      this.#options.onEnd?.()
      return undefined
    }
    if (this.#options.keepSamples === false) this.samples.length = 0
    this.samples.push(sample)
    this.#options.onSample?.(sample)
    return sample
  }
}
