import type { EngineName } from 'reactor'
import type { LatencySummary } from './measurement/latency-recorder.js'
import type { Mismatch } from './payload/mismatch.js'
import type { LoadPlan, Resolved, Target } from './plan.js'

/** A connection that waited for the server and neither sent nor received for at least so long (ms) has stalled. */
export const stallThreshold = 1_000

export type FailureKind =
  /** Bytes came back that are not the ones that were sent, or more of them. */
  | 'wrong bytes'
  /** Nobody listens there. */
  | 'refused'
  /** The server answered, in the words of the protocol, that it will not serve the client or the message. */
  | 'rejected'
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
  /** Messages that came back whole and right. */
  readonly messages: number
  readonly failureCounts: FailureCounts
}

export type FailureCounts = Partial<Record<FailureKind, number>>

/** Times of at least `stallThreshold` in which a connection waited for the server without any progress. */
export interface Stalls {
  readonly count: number
  /** Milliseconds. `longest` covers every wait for progress, also the ones too short to count as a stall. */
  readonly longest: number
  readonly total: number
}

/** All messages of a run, those of the warm-up included: a message is done when its last byte came back. */
export interface MessageReport {
  /** 0: no number was planned, time ends the run. */
  readonly planned: number
  readonly echoed: number
  /** Milliseconds from a message's first byte sent to its last one back. */
  readonly meanEcho: number
  readonly longestEcho: number
}

/**
 * What a run is doing. `ramp`: connections are being made. `warmup`: load that does not count. `measured`: the steady
 * part. `drain`: nothing new is begun, what is outstanding is waited for.
 */
export type Phase = 'ramp' | 'warmup' | 'measured' | 'drain'

/**
 * Latencies of what was due in the measured phase (of connections: in the whole run), each kind as a histogram of
 * nanoseconds in HdrHistogram's V2 compressed encoding, base64. A kind that does not occur is absent.
 */
export interface RecordedLatency {
  /** From when a message was due by its schedule to its last byte back. Only where there is a schedule. */
  readonly fromDue?: string
  /** From a message's first byte sent to its last one back. */
  readonly fromSend?: string
  /** From the call of connect(2) until the connection stood. */
  readonly connect?: string
  /** Of gets and of sets apart: from when they were due where there is a schedule, else from their first byte sent. */
  readonly get?: string
  readonly set?: string
}

/** What happened between two moments of a run. Intervals follow each other without gaps, and never span two phases. */
export interface Interval {
  /** Milliseconds since the start of the run. */
  readonly start: number
  readonly end: number
  readonly phase: Phase
  /** Bytes that the kernel took, and bytes that came back and are right, in this interval. */
  readonly sent: number
  readonly verified: number
  /** Messages that came back whole. */
  readonly messages: number
  /** Connections that were established and that ended in this interval, and those open at its end. */
  readonly established: number
  readonly ended: number
  readonly open: number
  readonly failures: FailureCounts
  /** Of what ended in this interval, as in RecordedLatency; absent where nothing did. */
  readonly fromDue?: LatencySummary
  readonly fromSend?: LatencySummary
  readonly connect?: LatencySummary
  readonly get?: LatencySummary
  readonly set?: LatencySummary
}

/** The steady part of a run: the connections stood and the warm-up was over. All 0 when it was never reached. */
export interface Measured {
  /** Milliseconds since the start of the run. */
  readonly start: number
  /** Milliseconds. */
  readonly elapsed: number
  /** What was done in that time. */
  readonly messages: number
  /** Connections that were established in that time. */
  readonly connections: number
  readonly sent: number
  readonly verified: number
}

/** How far a generator with a schedule fell behind it by its own fault: the connection was free, and it was late. */
export interface Lag {
  /** What was due by the schedule and was begun. */
  readonly scheduled: number
  /** What was begun more than `lateness` milliseconds after it was due although it could have been. */
  readonly late: number
  readonly lateness: number
  /** Milliseconds. */
  readonly longest: number
  /** Milliseconds, over all late ones. */
  readonly total: number
  /** What was due and was never begun when the run ended, since no connection was free. */
  readonly unsent: number
}

/** What loadgen itself used. */
export interface GeneratorCost {
  /** The whole process in percent of one core, over the measured phase (over the run, where there is none). */
  readonly cpuPercent: number
  /** The load threads one by one, in percent of one core. */
  readonly threads: readonly number[]
  /** The highest RSS of the process, in bytes. */
  readonly peakRss: number
  /** Why the figures may be loadgen's own limit and not the server's; absent when they are not. */
  readonly bottleneck?: string
}

/** The server's process tree at one moment, from `monitor`. */
export interface ServerSample {
  /** Milliseconds since the start of the run. */
  readonly at: number
  /** Percent of one core since the sample before. */
  readonly cpuPercent: number
  /** CPU time since the first sample, in seconds. */
  readonly cpuSeconds: number
  /** Bytes. PSS is absent where it may not be read. */
  readonly rss: number
  readonly pss?: number
  readonly threads: number
  /** Absent where they may not be looked at. */
  readonly descriptors?: number
}

export interface ServerReport {
  readonly pid: number
  readonly name: string
  /** Of a long run each stands for several: see server-samples.ts. */
  readonly samples: readonly ServerSample[]
}

/** Where and when a run took place. */
export interface Environment {
  readonly loadgen: string
  readonly node: string
  /** Such as `Linux 6.1.0 x64`. */
  readonly kernel: string
  readonly cpu: string
  readonly cores: number
  /** Bytes. */
  readonly memory: number
  /** ISO 8601, UTC. */
  readonly startedAt: string
}

/** The proof of a crowd: its clients were all there at one instant, and the server had answered none of them. */
export interface CrowdProof {
  /** Connections that were established, unanswered and not closed at that instant. */
  readonly atOnce: number
  /** Milliseconds since the start of the run. */
  readonly at: number
  /** Bytes that had come back on any of them until then. */
  readonly received: number
  /** Milliseconds from that instant to the last reply. */
  readonly answeredAfter: number
}

/** What the requests to a key-value store came to, those of the warm-up included. */
export interface KvReport {
  readonly sets: number
  /** Gets that found their key, and gets that did not. */
  readonly hits: number
  readonly misses: number
  /** Keys that were set before anything was measured. */
  readonly preloaded: number
  /** Milliseconds that this took. */
  readonly preloadTime: number
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
  readonly failureCounts: FailureCounts
  readonly latency: RecordedLatency
  readonly intervals: readonly Interval[]
  readonly measured: Measured
  readonly lag?: Lag
  readonly generator: GeneratorCost
  readonly server?: ServerReport
  readonly crowd?: CrowdProof
  readonly kv?: KvReport
  readonly environment: Environment
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
  readonly phase: Phase
  /** Milliseconds of the measured phase that have passed. */
  readonly measured: number
  readonly connections: ConnectionCounts
  readonly failureCounts: FailureCounts
  /** The longest time (ms) that an open connection has now been waiting for the server without progress. */
  readonly sinceProgress: number
  /** Share of the planned work that is done, 0 to 1; undefined where no end is planned. */
  readonly done?: number
  readonly messages?: number
  /** The open connections one by one, where there are at most 16. */
  readonly each?: readonly ConnectionProgress[]
}
