import { exitCode, Failure } from 'command-line'
import type { Scale } from '../case.js'
import { watchDisturbance } from '../machine/disturbance.js'
import type { Measurement } from '../measurement.js'
import type { RunningServer } from '../running-server.js'
import { StoreClient, type StoreOutcome } from '../store-client.js'

/** One store, started afresh, for one measurement. */
export class StoreRun {
  readonly scale: Scale
  readonly #server: RunningServer
  readonly #loadThreads: number

  constructor(server: RunningServer, scale: Scale, loadThreads: number) {
    this.scale = scale
    this.#server = server
    this.#loadThreads = loadThreads
  }

  /** Runs `loadgen kv` over its warm-up and its measured time. Throws a `Failure` when the load fails. */
  async drive(
    args: readonly string[],
    values: (outcome: StoreOutcome) => Record<string, number>
  ): Promise<Measurement> {
    const { warmUp, duration } = this.scale
    // One interval for each phase: its end is the end of the phase.
    const times = ['--warmup', `${warmUp}ms`, '--duration', `${duration}ms`, '--interval', `${warmUp + duration}ms`]
    const client = new StoreClient(this.#server.port, [...args, ...times, '--threads', `${this.#loadThreads}`])
    let [cpuBefore, endWatch] = [this.#server.cpuSeconds(), watchDisturbance()]
    try {
      const outcome = await client.finish(() => {
        cpuBefore = this.#server.cpuSeconds()
        endWatch = watchDisturbance()
      })
      const cpuSeconds = this.#server.cpuSeconds() - cpuBefore
      const { messages, bytes, seconds } = outcome
      return {
        ...{ messages, bytes, seconds, lateness: 0, values: values(outcome) },
        disturbance: endWatch(cpuSeconds + outcome.cpuSeconds),
        own: { cpuSeconds, peakMemory: this.#server.memory().peak },
        other: { cpuSeconds: outcome.cpuSeconds },
      }
    } catch (error) {
      const { obituary } = this.#server
      throw obituary === undefined ? error : new Failure(obituary, exitCode.checkFailed, { cause: error })
    } finally {
      await client.stop()
    }
  }
}
