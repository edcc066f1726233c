import { setTimeout as sleep } from 'node:timers/promises'
import { exitCode, Failure } from 'command-line'
import type { Scale } from '../case.js'
import { LoadClient, type LoadOutcome } from '../load-client.js'
import { watchDisturbance } from '../machine/disturbance.js'
import type { TreeMemory } from '../machine/process-tree.js'
import type { Measurement } from '../measurement.js'
import type { RunningServer } from '../running-server.js'

/** What a case adds to what every measurement has. */
type Figures = Pick<Measurement, 'values'> & Partial<Pick<Measurement, 'lateness'>>

/** What connections did to a server that holds them. Bytes, seconds. */
interface Held {
  readonly before: TreeMemory
  readonly after: TreeMemory
  /** CPU time in the measured time, and its length. */
  readonly cpuSeconds: number
  readonly seconds: number
}

/** One contender, started afresh, for one measurement. */
export class ServerRun {
  readonly scale: Scale
  readonly #server: RunningServer
  readonly #loadProgram: string
  readonly #loadThreads: number

  constructor(server: RunningServer, scale: Scale, load: { program: string; threads: number }) {
    this.scale = scale
    this.#server = server
    this.#loadProgram = load.program
    this.#loadThreads = load.threads
  }

  /**
   * Runs a load client that has no warm-up of its own until the time for one is over, and measures nothing. Throws a
   * `Failure` when the load fails.
   */
  async warmUp(args: readonly string[]): Promise<void> {
    const end = performance.now() + this.scale.warmUp
    while (performance.now() < end) await this.#withClient(args, client => client.finished)
  }

  /**
   * Runs the load client over its warm-up and its measured time. `figures` says what came of it. Throws a `Failure`
   * when the load fails.
   */
  async drive(args: readonly string[], figures: (outcome: LoadOutcome) => Figures): Promise<Measurement> {
    return this.#withClient([...args, '--threads', `${this.#loadThreads}`], async client => {
      await client.begun
      const endWatch = watchDisturbance()
      const cpuBefore = this.#server.cpuSeconds()
      const outcome = await client.finished
      const cpuSeconds = this.#server.cpuSeconds() - cpuBefore
      const disturbance = endWatch(cpuSeconds + outcome.cpuSeconds)
      const { messages, bytes, seconds } = outcome
      return {
        ...{ messages, bytes, seconds, disturbance, lateness: 0, ...figures(outcome) },
        own: { cpuSeconds, peakMemory: this.#server.memory().peak },
        other: { cpuSeconds: outcome.cpuSeconds },
      }
    })
  }

  /** Holds connections for the given time (milliseconds) while nothing else happens. Throws when one is closed. */
  async hold(args: readonly string[], duration: number, figures: (held: Held) => Figures): Promise<Measurement> {
    const before = this.#server.memory()
    return this.#withClient(['hold', ...args], async client => {
      await client.begun
      const endWatch = watchDisturbance()
      const [cpuBefore, start] = [this.#server.cpuSeconds(), performance.now()]
      await sleep(duration)
      const seconds = (performance.now() - start) / 1000
      const cpuSeconds = this.#server.cpuSeconds() - cpuBefore
      const disturbance = endWatch(cpuSeconds)
      const after = this.#server.memory()
      client.leave()
      const { closed } = await client.finished
      if (closed > 0) throw new Failure(`${closed} connections were closed by the server`, exitCode.checkFailed)
      return {
        ...{ messages: 0, bytes: 0, seconds, disturbance, lateness: 0 },
        ...figures({ before, after, cpuSeconds, seconds }),
        own: { cpuSeconds, peakMemory: after.peak },
        other: { cpuSeconds: 0 },
      }
    })
  }

  async #withClient<T>(args: readonly string[], use: (client: LoadClient) => Promise<T>): Promise<T> {
    const client = new LoadClient(this.#loadProgram, [...args, '--port', `${this.#server.port}`])
    try {
      return await use(client)
    } catch (error) {
      const { obituary } = this.#server
      throw obituary === undefined ? error : new Failure(obituary, exitCode.checkFailed, { cause: error })
    } finally {
      await client.stop()
    }
  }
}
