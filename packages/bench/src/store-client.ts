import { createInterface } from 'node:readline'
import { exitCode, Failure } from 'command-line'
import { ourTool } from './contenders/our-tool.js'
import { type LoadgenEvent, type LoadgenReport, measuredTime } from './loadgen-report.js'
import { Program } from './program.js'

/** What a load on a store came to. Seconds, bytes, milliseconds. */
export interface StoreOutcome {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly messages: number
  readonly bytes: number
  readonly p50: number
  readonly p99: number
}

/** One run of our `loadgen kv`, which verifies every value. */
export class StoreClient {
  readonly #program: Program
  readonly #port: number

  constructor(port: number, args: readonly string[]) {
    this.#port = port
    const words = ['kv', `${port}`, ...args, '--ndjson', '-', '--quiet']
    this.#program = new Program('loadgen', ourTool('loadgen', words), [1])
  }

  /**
   * Waits for the end; `begun` is called when the warm-up is over. Throws a `Failure` when anything was not as it had
   * to be.
   */
  async finish(begun: () => void): Promise<StoreOutcome> {
    let report: LoadgenReport | undefined
    let warm = false
    for await (const line of createInterface({ input: this.#program.child.stdout as NodeJS.ReadableStream })) {
      const event = JSON.parse(line) as LoadgenEvent
      if (event.event === 'end') report = event
      else if (event.event === 'interval' && event.phase === 'warmup' && !warm) {
        warm = true
        begun()
      }
    }
    if (report?.verdict !== 'ok') {
      const why = report?.failures[0]?.message ?? (this.#program.lastWords || 'without a word')
      throw new Failure(`the load on port ${this.#port} ended: ${why}`, exitCode.checkFailed)
    }
    const { measured, latencySummary } = report
    const { p50 = Number.NaN, p99 = Number.NaN } = latencySummary.fromSend ?? {}
    return { ...measuredTime(report), messages: measured.messages, bytes: measured.verified, p50, p99 }
  }

  async stop(): Promise<void> {
    await this.#program.stop()
  }
}
