import type { GeneratorRun } from './cases/generator-run.js'
import type { ServerRun } from './cases/server-run.js'
import type { StoreRun } from './cases/store-run.js'
import type { LoadLaunch } from './contenders/contender.js'
import type { Measurement } from './measurement.js'

/** One figure of a measurement. */
export interface Metric {
  /** Key in a measurement's values, and what stands above its column. */
  readonly name: string
  readonly unit: 'per second' | 'bytes per second' | 'bytes' | 'percent of a core' | 'milliseconds'
  readonly better: 'higher' | 'lower'
}

/** How large the cases are. Times are in milliseconds. */
export interface Scale {
  /** A program that is compiled while it runs takes some seconds to become as fast as it will be. */
  readonly warmUp: number
  readonly duration: number
  /** Of a stream. */
  readonly bytes: number
  readonly connects: number
  readonly idleConnections: number
  readonly idleDuration: number
}

interface CaseBase {
  /** How it is called on the command line. */
  readonly name: string
  /** Cases of one kind, which can be chosen together. */
  readonly group: string
  /** What is done, in one line. */
  title(scale: Scale): string
  /** What contenders are compared by. */
  readonly metric: Metric
  /** Further columns. */
  readonly also: readonly Metric[]
  /** What CPU time is shown for. */
  readonly cpuFor: 'million messages' | 'GiB' | 'nothing'
}

/** A case in which servers are compared. */
export interface ServerCase extends CaseBase {
  readonly role: 'server'
  /** Connections that a contender must be able to hold. */
  connections(scale: Scale): number
  measure(run: ServerRun): Promise<Measurement>
}

/** A case in which key-value stores are compared. */
export interface StoreCase extends CaseBase {
  readonly role: 'store'
  measure(run: StoreRun): Promise<Measurement>
}

/** A case in which load generators are compared. */
export interface LoadCase extends CaseBase {
  readonly role: 'load'
  /** Whether a generator has a load of this kind. */
  suits(launch: LoadLaunch): boolean
  measure(run: GeneratorRun): Promise<Measurement>
}

/** One thing that is measured. Cases live in `cases/` and are registered in cases.ts. */
export type BenchCase = ServerCase | StoreCase | LoadCase
