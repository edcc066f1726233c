import type { LoadPlan, LoadRun } from 'loadgen'
import type { EchoClient } from './echo-client.js'
import type { LineStream } from './line-stream.js'
import type { Program } from './program/program.js'
import type { Protocol } from './protocol.js'
import type { ResourceWatch } from './resource-watch.js'
import type { Scale } from './scale.js'
import type { BlameKind, Evidence, Measures } from './verdict.js'

/**
 * One test of a stage: a module of its own that knows nothing of how programs are started or results are shown.
 * A test that returns has passed. It throws a Blame when the program is at fault, a Doubt when it could not find out;
 * what it had measured until then is kept.
 */
export interface StageTest {
  readonly id: string
  readonly title: string
  /** The seed's own words. */
  readonly asks: { readonly input: string; readonly expected: string }
  /** For each kind of blame, what its usual cause in a program is. */
  readonly usualCauses: Partial<Record<BlameKind, string>>
  run(context: TestContext): Promise<void>
}

/** A load plan without what the context knows anyway. */
export type LoadWithoutSeed<Plan = LoadPlan> = Plan extends LoadPlan ? Omit<Plan, 'seed' | 'targets'> : never

/** What a test works with. The program runs and listens when the test begins, and whatever it opens is closed after it. */
export interface TestContext {
  readonly target: Program
  readonly scale: Scale
  readonly resources: ResourceWatch
  /** What the program has to do with what it is sent: an echo unless the test says otherwise before it connects. */
  protocol: Protocol
  /** Connects a client. Throws as `EchoClient.connected` does. */
  connect(port: number, name: string): Promise<EchoClient>
  /** Connects a client that streams lines. Throws as `LineStream.connected` does. */
  connectStream(port: number, name: string): Promise<LineStream>
  /** Starts a load on some ports; a connection that makes no progress fails when patience ends. */
  load(ports: readonly number[], plan: LoadWithoutSeed): Promise<LoadRun>
  /** A number from 0 up to 1 that depends on the seed and the name alone. */
  random(name: string): number
  /** Tells a person how far the test has come. */
  log(line: string): void
  /**
   * Says what has just happened to the program, as in `a client reset its connection`: if it dies, that is in the
   * reason, with the time in between.
   */
  happened(what: string): void
  /** The figures recorded so far. */
  readonly measured: Readonly<Measures>
  /** Records figures, and the limits under the same names. Later figures of a name replace earlier ones. */
  measure(measured: Measures, limit?: Measures): void
  addEvidence(evidence: Evidence): void
  /**
   * From now on only a Blame of kind `limit` counts. For what a test has to do to see a limit broken although it is another
   * test's matter whether the program stands it: who dies of it passes here with what was seen before.
   */
  judgeOnlyLimits(): void
  /** Waits so many milliseconds. Ends early, with an error, when the program has ended. */
  pause(milliseconds: number): Promise<void>
}
