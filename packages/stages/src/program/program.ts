import type { ExitStatus } from './exit-status.js'
import type { ProgramOutput } from './program-output.js'
import type { ProgramTree } from './program-tree.js'

/** How a program that was running came to its end. */
export interface ProgramEnd extends ExitStatus {
  /** On the clock of `performance.now()`. */
  readonly at: number
}

/** How ending a program went. */
export interface StopReport {
  /** What it took: nothing (it had ended before, or is not ours to end), or the last signal that was needed. */
  readonly by: 'itself' | 'nobody' | 'SIGTERM' | 'SIGKILL'
  readonly milliseconds: number
  /** Command lines of processes that even SIGKILL did not end. Always empty, unless the kernel is in trouble. */
  readonly leftBehind: readonly string[]
}

/** A program under judgement: one that the judge has started, or one that was running already. */
export interface Program {
  /** Undefined when the judge was not told; then nothing but its connections can be seen. */
  readonly pid: number | undefined
  /** All its processes; undefined without a pid. */
  readonly tree: ProgramTree | undefined
  /** What it writes; undefined when it was not started by the judge. */
  readonly stdout: ProgramOutput | undefined
  readonly stderr: ProgramOutput | undefined
  readonly ports: readonly number[]
  /** The address at which it listens. */
  readonly host: string
  /** Milliseconds from the start until all ports accepted; undefined when it was not started by the judge. */
  readonly startedIn: number | undefined
  /** How it ended, as soon as it has. */
  readonly end: ProgramEnd | undefined
  /** Resolves when the program has ended, by itself or by `stop`; never, when nobody can know. */
  readonly ended: Promise<ProgramEnd>

  /**
   * For a sentence about a program that has ended: `exited with status 3; last line on stderr: …`. `when` follows the
   * status, as in `, 0.3 s after a client reset its connection`.
   */
  describeEnd(when?: string): string

  /**
   * Ends the program with everything that it started, unless it was running before the judge came. Never throws; what
   * could not be ended is in the report.
   */
  stop(): Promise<StopReport>
}
