import { UsageError } from 'command-line'
import { Monitor, type Sample } from 'monitor'
import { type LoadPlan, type Resolved, targetName } from '../plan.js'
import type { ServerReport, ServerSample } from '../report.js'
import { listenerOf } from './listener-process.js'
import { ServerSamples } from './server-samples.js'

/** Milliseconds between two samples. */
const sampleInterval = 500

/** Samples the server while a run lasts. */
export class ServerWatch {
  readonly #pid: number
  readonly #samples = new ServerSamples()
  /** When the monitor starts, on the clock of `performance.now()`. */
  readonly #startedAt = performance.now()
  #monitor: Monitor | undefined
  #name = ''

  private constructor(pid: number) {
    this.#pid = pid
  }

  /** Begins with what the plan asks for, if anything. Rejects with a UsageError where there is no such process. */
  static async start({ monitor: wanted, targets }: Resolved<LoadPlan>): Promise<ServerWatch | undefined> {
    if (wanted === 'none') return undefined
    const [first] = targets
    const pid = wanted === 'auto' ? listenerOf(first?.port ?? 0) : wanted
    if (pid === undefined) {
      throw new UsageError(
        `--monitor auto: found no process of yours that listens on ${first && targetName(first)}; give its PID`
      )
    }
    const watch = new ServerWatch(pid)
    await watch.#start().catch(error => {
      throw new UsageError(`--monitor: ${(error as Error).message}`)
    })
    return watch
  }

  async #start(): Promise<void> {
    const onSample = (sample: Sample) => {
      this.#name ||= sample.processes[0]?.name ?? ''
      this.#samples.add(reduced(sample))
    }
    this.#monitor = await Monitor.start(this.#pid, { interval: sampleInterval, keepSamples: false, onSample })
  }

  /** Takes a last sample, and tells what came of all; the run began at `begunAt` of `performance.now()`. */
  async stop(begunAt: number): Promise<ServerReport> {
    await this.#monitor?.stop()
    const shift = this.#startedAt - begunAt
    return {
      pid: this.#pid,
      name: this.#name,
      samples: this.#samples.list.map(sample => ({ ...sample, at: sample.at + shift })),
    }
  }
}

/** What a report has of a sample; its time is that of the monitor. */
function reduced(sample: Sample): ServerSample {
  const { atMilliseconds, cpuPercent, cpuSeconds, rssBytes, pssBytes, threads, descriptors } = sample
  return {
    at: atMilliseconds,
    cpuPercent,
    cpuSeconds,
    rss: rssBytes,
    ...(pssBytes === undefined ? {} : { pss: pssBytes }),
    threads,
    ...(descriptors === undefined ? {} : { descriptors }),
  }
}
