import type { LatencyKind } from '../measurement/latency-kind.js'
import type { LoadPlan, Resolved } from '../plan.js'
import type { Interval, LoadReport, Progress } from '../report.js'

/** What one load thread is given to do. Times between threads are on the clock that all of them share (clock.ts). */
export interface Assignment<Plan extends LoadPlan = LoadPlan> {
  readonly plan: Resolved<Plan>
  /** Its number in this process, from 0. */
  readonly thread: number
  /** How many connections the plan comes to, all shares together; 0 where their number is not planned. */
  readonly connections: number
  /** The IP addresses of the plan's targets, in their order. */
  readonly addresses: readonly string[]
  /** Progress is told every so many milliseconds; 0: only when asked. */
  readonly progressInterval: number
  /** Connections of the whole process that are open now: of each target, then of all. */
  readonly openConnections: Int32Array<SharedArrayBuffer>
  /** The thread's `SampleRing`. */
  readonly samples: SharedArrayBuffer
}

/** From the main thread to a load thread. */
export type LoadCommand =
  /** The run begins, at `at` of the shared clock. */
  | { readonly kind: 'begin'; readonly at: number }
  /** All connections of all threads stand since `at` of the shared clock. */
  | { readonly kind: 'all connected'; readonly at: number }
  | { readonly kind: 'tell progress' }
  | { readonly kind: 'start reading' }
  | { readonly kind: 'stop'; readonly drain: boolean }

/** From a load thread to the main thread. */
export type LoadEvent =
  /** The connections of this thread stand, or have ended. Told where there are several threads. */
  | { readonly kind: 'connected' }
  | Samples
  | ThreadInterval
  /** `asked` progress answers one `tell progress`, in order. */
  | { readonly kind: 'progress'; readonly progress: Progress; readonly asked: boolean }
  /** The last one. */
  | { readonly kind: 'finished'; readonly progress: Progress; readonly report: ThreadReport }

/** Latencies that found the thread's ring full (`SampleEntries`). Those of an interval precede it. */
export interface Samples {
  readonly kind: 'samples'
  readonly entries: ArrayBuffer
}

export interface ThreadInterval {
  readonly kind: 'interval'
  /** Which interval of its phase; intervals of several threads with the same slot are one. */
  readonly slot: number
  readonly counts: Omit<Interval, LatencyKind>
  /** CPU time that the thread has used in it, in milliseconds. */
  readonly cpu: number
}

/** What one thread knows of the report. */
export type ThreadReport = Omit<
  LoadReport,
  'plan' | 'latency' | 'intervals' | 'measured' | 'generator' | 'server' | 'environment'
>
