import { UsageError } from 'command-line'
import { Monitor, type Sample } from 'monitor'
import { type LoadPlan, type Resolved, targetName } from '../plan.js'
import type { ServerReport, ServerSample } from '../report.js'
import { listenerOf } from './listener-process.js'

/** Milliseconds between two samples. */
const sampleInterval = 500

/** Samples the server while a run lasts. */
export class ServerWatch {
  readonly #monitor: Monitor
  readonly #pid: number
  /** When the monitor started, on the clock of `performance.now()`. */
  readonly #startedAt: number

  private constructor(pid: number, monitor: Monitor, startedAt: number) {
    this.#pid = pid
    this.#monitor = monitor
    this.#startedAt = startedAt
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
    const startedAt = performance.now()
    const monitor = await Monitor.start(pid, { interval: sampleInterval }).catch(error => {
      throw new UsageError(`--monitor: ${(error as Error).message}`)
    })
    return new ServerWatch(pid, monitor, startedAt)
  }

  /** Takes a last sample, and tells all of them; the run began at `begunAt` of `performance.now()`. */
  async stop(begunAt: number): Promise<ServerReport> {
    await this.#monitor.stop()
    const { samples } = this.#monitor
    return {
      pid: this.#pid,
      name: samples[0]?.processes[0]?.name ?? '',
      samples: samples.map(sample => reduced(sample, this.#startedAt - begunAt)),
    }
  }
}

function reduced(sample: Sample, shift: number): ServerSample {
  const { atMilliseconds, cpuPercent, cpuSeconds, rssBytes, pssBytes, threads, descriptors } = sample
  return {
    at: atMilliseconds + shift,
    cpuPercent,
    cpuSeconds,
    rss: rssBytes,
    ...(pssBytes === undefined ? {} : { pss: pssBytes }),
    threads,
    ...(descriptors === undefined ? {} : { descriptors }),
  }
}
