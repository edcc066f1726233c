import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { UsageError } from 'command-line'
import { type LoadRun, startLoad } from 'loadgen'
import { EchoClient } from './echo-client.js'
import { echo } from './echo-protocol.js'
import { seconds } from './format.js'
import { LineStream } from './line-stream.js'
import { stallPatience } from './patience.js'
import type { Program } from './program/program.js'
import type { Protocol } from './protocol.js'
import type { ResourceWatch } from './resource-watch.js'
import type { Scale } from './scale.js'
import type { LoadWithoutSeed, TestContext } from './stage-test.js'
import { Blame, Doubt, type Evidence, type Measures } from './verdict.js'

export interface TrialOptions {
  readonly target: Program
  readonly resources: ResourceWatch
  readonly scale: Scale
  readonly seed: number
  log(line: string): void
}

/** One run of a test on a running program: what the test is given, and what is known when it ends, however it ends. */
export class Trial implements TestContext {
  readonly target: Program
  readonly scale: Scale
  readonly resources: ResourceWatch
  readonly log: (line: string) => void
  protocol: Protocol = echo
  readonly measured: Measures = {}
  readonly limit: Measures = {}
  readonly evidence: Evidence = {}
  readonly #seed: number
  readonly #clients: (EchoClient | LineStream)[] = []
  readonly #loads: LoadRun[] = []
  #onlyLimits = false
  #last: { readonly what: string; readonly at: number } | undefined

  constructor({ target, resources, scale, seed, log }: TrialOptions) {
    this.target = target
    this.resources = resources
    this.scale = scale
    this.#seed = seed
    this.log = log
  }

  async connect(port: number, name: string): Promise<EchoClient> {
    const client = new EchoClient({ host: this.target.host, port, name, seed: this.#seed, expectation: this.protocol })
    this.#clients.push(client)
    await client.connected()
    return client
  }

  async connectStream(port: number, name: string): Promise<LineStream> {
    const client = new LineStream({ host: this.target.host, port, name })
    this.#clients.push(client)
    await client.connected()
    return client
  }

  async load(ports: readonly number[], plan: LoadWithoutSeed): Promise<LoadRun> {
    const run = await startLoad({
      stallTimeout: stallPatience,
      connectTimeout: stallPatience,
      ...plan,
      targets: ports.map(port => ({ host: this.target.host, port })),
      // Each load has other bytes, so that those of an earlier one are noticed.
      seed: this.#seed + this.#loads.length,
    }).catch(error => {
      // The plan is ours and right: it is this machine that cannot have so many connections.
      throw error instanceof UsageError ? new Doubt(error.message) : error
    })
    this.#loads.push(run)
    return run
  }

  random(name: string): number {
    return createHash('sha256').update(`${this.#seed} ${name}`).digest().readUInt32LE() / 2 ** 32
  }

  happened(what: string): void {
    this.#last = { what, at: performance.now() }
  }

  /** For a sentence: `, 0.3 s after a client reset its connection`. */
  describeLast(at: number): string {
    return this.#last ? `, ${seconds(Math.max(0, at - this.#last.at))} after ${this.#last.what}` : ''
  }

  measure(measured: Measures, limit: Measures = {}): void {
    Object.assign(this.measured, measured)
    Object.assign(this.limit, limit)
  }

  addEvidence(evidence: Evidence): void {
    Object.assign(this.evidence, evidence)
  }

  judgeOnlyLimits(): void {
    this.#onlyLimits = true
  }

  /** Whether a finding is this test's matter. */
  counts(finding: Blame | Doubt): boolean {
    return !this.#onlyLimits || finding instanceof Doubt || finding.kind === 'limit'
  }

  async pause(milliseconds: number): Promise<void> {
    const ended = await Promise.race([this.target.ended.then(() => true), sleep(milliseconds, false)])
    if (ended) throw new Blame('connection', 'the program has ended')
  }

  /**
   * Closes every connection. Done before the program ends, it is the clients whose ports stay in TIME_WAIT (RFC 9293,
   * 3.6.1), not the program's, which the next start needs.
   */
  async close(): Promise<void> {
    for (const client of this.#clients) client.leave()
    await Promise.all(this.#loads.map(run => run.stop()))
  }
}
