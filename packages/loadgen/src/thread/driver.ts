import type { LoadPlan, Resolved } from '../plan.js'
import type { CrowdProof, KvReport, Lag } from '../report.js'
import type { Connection } from './connection.js'
import type { Session } from './session.js'

/** What a workload does on the loop's thread in one run. */
export interface Driver {
  /** Absent where the driver itself opens its connections, by `session.open`, from `traffic` on. */
  createConnection?(number: number): Connection
  /** The run begins: time to set timers. */
  start?(): void
  /** This thread's connections have been established or have ended: calls `ready` when the traffic may begin. */
  prepare?(ready: () => void): void
  /**
   * Every planned connection of the run has been established or has ended, at `at` of the thread's clock; the warm-up
   * begins, or where there is none the measured phase.
   */
  traffic?(at: number): void
  /** Length of the measured phase in milliseconds; 0, and where it is absent: until the work is done. */
  readonly duration?: number
  /** Nothing more is to be begun; with `complete`, but what is due already. */
  stop?(complete: boolean): void
  /** How far the driver fell behind its schedule, where it has one. */
  lag?(): Lag | undefined
  crowd?(): CrowdProof | undefined
  kv?(): KvReport
}

/** Makes the driver of a run; drivers.ts has them by name. */
export type CreateDriver<Plan extends LoadPlan> = (session: Session, plan: Resolved<Plan>) => Driver
