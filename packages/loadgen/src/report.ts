import type { EngineName } from 'reactor'
import type { Mismatch } from './payload/mismatch.js'
import type { LoadPlan, Resolved, Target } from './plan.js'

/** A connection that waited for the server and neither sent nor received for at least so long (ms) has stalled. */
export const stallThreshold = 1_000

export type FailureKind =
  /** Bytes came back that are not the ones that were sent, or more of them. */
  | 'wrong bytes'
  /** Nobody listens there. */
  | 'refused'
  /** The connection ended by RST, or by an error of the network. */
  | 'reset'
  /** The connection was not established in time. */
  | 'connect timeout'
  /** The server sent FIN before everything had come back. */
  | 'closed early'
  /** Neither sent nor received for the stall timeout, although the server owed something. */
  | 'stalled'
  /** Everything came back, but the server did not close its side after the client had closed its own. */
  | 'not closed'
  /** Anything else: `code` says what. */
  | 'other'

/** How one connection failed. */
export interface LoadFailure {
  readonly kind: FailureKind
  readonly target: Target
  /** The connection's number in the run, from 0. */
  readonly connection: number
  /** Bytes that the kernel had taken, and bytes that had come back and were right, when it failed. */
  readonly sent: number
  readonly verified: number
  /** The system's cause, where there is one: syscall and symbol of errno(3), such as `recv`, `ECONNRESET`. */
  readonly syscall?: string
  readonly code?: string
  readonly mismatch?: Mismatch
  /** Milliseconds since the start of the run. */
  readonly at: number
  /** The whole story in one line. */
  readonly message: string
}

export type Verdict = 'ok' | 'wrong bytes' | 'connection failed' | 'stopped'

/** What went over some connections. */
export interface Traffic {
  /** Bytes that the kernel took. On `--no-read` this is what server and kernel hold together. */
  readonly sent: number
  /** Bytes that came back. */
  readonly received: number
  /** Bytes that came back and are right. */
  readonly verified: number
}

export interface ConnectionCounts {
  readonly planned: number
  readonly established: number
  /** Ended as intended. */
  readonly completed: number
  readonly failed: number
  readonly open: number
  /** The most that were established at the same instant. */
  readonly peakOpen: number
}

export interface TargetReport extends Traffic {
  readonly target: Target
  readonly connections: ConnectionCounts
}

/** Times of at least `stallThreshold` in which a connection waited for the server without any progress. */
export interface Stalls {
  readonly count: number
  /** Milliseconds. `longest` covers every wait for progress, also the ones too short to count as a stall. */
  readonly longest: number
  readonly total: number
}

/** What the `strings` workload measured of its messages: a message is done when its last byte came back. */
export interface MessageReport {
  readonly planned: number
  readonly echoed: number
  /** Milliseconds from a message's first byte sent to its last one back. */
  readonly meanEcho: number
  readonly longestEcho: number
}

/** What came of a run. */
export interface LoadReport extends Traffic {
  readonly verdict: Verdict
  /** The plan, with every default and the seed filled in. */
  readonly plan: Resolved<LoadPlan>
  readonly engine: EngineName
  /** Milliseconds from the first connection attempt to the end. */
  readonly elapsed: number
  readonly connections: ConnectionCounts
  readonly targets: readonly TargetReport[]
  readonly stalls: Stalls
  readonly messages?: MessageReport
  /** The first ones, in the order of their occurrence; `failureCounts` has all. */
  readonly failures: readonly LoadFailure[]
  readonly failureCounts: Partial<Record<FailureKind, number>>
}

/** One connection, while it is open. */
export interface ConnectionProgress extends Traffic {
  readonly connection: number
  readonly target: Target
  /** Milliseconds since it last sent or received anything; 0 while it does not wait for the server. */
  readonly sinceProgress: number
}

/** Where a run stands. */
export interface Progress extends Traffic {
  /** Milliseconds since the first connection attempt. */
  readonly elapsed: number
  readonly connections: ConnectionCounts
  /** The longest time (ms) that an open connection has now been waiting for the server without progress. */
  readonly sinceProgress: number
  /** Share of the planned work that is done, 0 to 1; undefined where no end is planned. */
  readonly done?: number
  readonly messages?: number
  /** The open connections one by one, where there are at most 16. */
  readonly each?: readonly ConnectionProgress[]
}
