import { createInterface } from 'node:readline'
import { exitCode, Failure } from 'command-line'
import { Program } from './program.js'
import { compile, compilerArgs, findCompiler } from './toolbox.js'

/** Quantiles in nanoseconds. */
export interface Latency {
  readonly count: number
  readonly mean: number
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** What the load client measured. */
export interface LoadOutcome {
  readonly seconds: number
  readonly cpuSeconds: number
  readonly messages: number
  readonly bytes: number
  /** Messages of an open loop whose replies did not come. */
  readonly unanswered: number
  /** Held connections that the server closed. */
  readonly closed: number
  /** Messages of an open loop that were sent more than 1 ms late, and the worst delay in nanoseconds. */
  readonly late: number
  readonly worstLag: number
  /** From when a message was due; of connects, until the connection stood. */
  readonly latency?: Latency
  /** From when it was sent. */
  readonly service?: Latency
}

type LoadEvent = { event: 'begin' } | { event: 'error'; message: string } | ({ event: 'end' } & LoadOutcome)

/** Compiles the C load client. Throws `Missing` without a C compiler. */
export async function compileLoadClient(): Promise<string> {
  const sources = ['main', 'common', 'workers', 'requests', 'rate', 'stream', 'connects', 'hold'].map(
    name => `${name}.c`
  )
  return compile({ name: 'load', compiler: await findCompiler(), args: compilerArgs(sources), folder: 'load' })
}

/** One run of the C load client: see load/main.c for what it does and says. */
export class LoadClient {
  /** The measured time begins, or the connections are held. */
  readonly begun: Promise<void>
  /** The measured time is over; the connections still stand. */
  readonly finished: Promise<LoadOutcome>
  readonly #program: Program

  constructor(program: string, args: readonly string[]) {
    this.#program = new Program('the load client', { program, args }, [1])
    const begun = deferred<void>()
    const finished = deferred<LoadOutcome>()
    this.begun = begun.promise
    this.finished = finished.promise
    const refuse = (message: string) => {
      const failure = new Failure(message, exitCode.checkFailed)
      begun.reject(failure)
      finished.reject(failure)
    }
    // Whoever waits for one of them learns it there; nobody may be waiting for the other.
    this.begun.catch(() => {})
    this.finished.catch(() => {})
    const lines = createInterface({ input: this.#program.child.stdout as NodeJS.ReadableStream })
    lines.on('line', line => {
      const event = JSON.parse(line) as LoadEvent
      if (event.event === 'begin') begun.resolve()
      else if (event.event === 'end') finished.resolve(event)
      else refuse(event.message)
    })
    lines.on('close', () => refuse(`the load client ended: ${this.#program.lastWords || 'without a word'}`))
  }

  /** Lets it go: it counts the connections that are closed, closes its own, and ends. */
  leave(): void {
    this.#program.child.stdin?.end()
  }

  async stop(): Promise<void> {
    this.leave()
    await this.#program.stop()
  }
}

function deferred<Value>() {
  let resolve: (value: Value) => void = () => {}
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<Value>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}
