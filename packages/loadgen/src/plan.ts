import type { EngineName } from 'reactor'
import type { ChurnPlan } from './workloads/churn.js'
import type { CrowdPlan } from './workloads/crowd.js'
import type { IdlePlan } from './workloads/idle.js'
import type { KvPlan } from './workloads/kv.js'
import type { PingPongPlan } from './workloads/ping-pong.js'
import type { SlowPlan } from './workloads/slow.js'
import type { StreamPlan } from './workloads/stream.js'
import type { StringsPlan } from './workloads/strings.js'
import type { VanishPlan } from './workloads/vanish.js'

/** Where to connect to. */
export interface Target {
  /** An IP address or a name. */
  readonly host: string
  readonly port: number
}

/** A target as it stands in messages: `127.0.0.1:8001`, `[::1]:8001`. */
export function targetName({ host, port }: Target): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** What every workload has. Times are in milliseconds; 0 switches a limit off. */
export interface PlanBase {
  /** Connections are dealt out to the targets in turn. */
  readonly targets: readonly Target[]
  /** 0 to 2^53 - 1. The same plan with the same seed sends the same bytes. */
  readonly seed: number
  /** Default `auto`: the best one that works here. */
  readonly engine?: EngineName | 'auto'
  /** How long a connection may take to be established. Default 10,000. */
  readonly connectTimeout?: number
  /** Connections opened in a second. Default depends on the workload. */
  readonly connectRate?: number
  /** Gives up on a connection that waits for the server and has made no progress for so long. Default 30,000. */
  readonly stallTimeout?: number
  /** Load threads, one loop each, which share the plan's connections and rates. Default 1. */
  readonly threads?: number
  /**
   * Local IP addresses to connect from, dealt out to the connections in turn. Default: the kernel's choice, or for very
   * many connections to the loopback interface some of its addresses.
   */
  readonly sourceAddresses?: readonly string[]
  /** `TCP_NODELAY` (tcp(7)). Default true. */
  readonly noDelay?: boolean
  /** Time under load before the measured phase begins. Default 0. */
  readonly warmup?: number
  /** Length of the report's intervals; after each 1,800 of them they become twice as long. Default 1000. */
  readonly interval?: number
  /** Which share of the plan this process runs, from 1, and how many there are. Default: 1 of 1. */
  readonly segment?: Segment
  /** When the run starts, in milliseconds since 1970 (UTC), for shares that start together. Default 0: at once. */
  readonly startAt?: number
  /** What wrong bytes end: the whole run (default), or only the connection that received them. */
  readonly wrongBytesEnd?: 'run' | 'connection'
  /** The process to sample meanwhile: a PID, or `auto` for who listens on the first target. Default `none`. */
  readonly monitor?: number | 'auto' | 'none'
}

/** A share of a plan: its connections, rates and counts are divided by `count` exactly. */
export interface Segment {
  /** 1 to `count`. */
  readonly index: number
  readonly count: number
}

/** One run, as a plain value that survives JSON and structured cloning. `workload` names the workload. */
export type LoadPlan =
  | PingPongPlan
  | KvPlan
  | StreamPlan
  | StringsPlan
  | ChurnPlan
  | CrowdPlan
  | IdlePlan
  | SlowPlan
  | VanishPlan

export type WorkloadName = LoadPlan['workload']

/** A plan in which nothing is left to a default. */
export type Resolved<Plan extends PlanBase> = Required<Plan>
