import type { BenchCase, Metric, Scale } from './case.js'
import type { Environment } from './machine/environment.js'
import type { Noise } from './machine/noise.js'
import type { Measurement } from './measurement.js'

/** Everything that a run found out: a plain value, as `--json` writes it. */
export interface BenchReport {
  readonly version: 1
  /** ISO 8601. */
  readonly started: string
  readonly finished: string
  readonly rounds: number
  readonly quick: boolean
  readonly loadThreads: number
  readonly scale: Scale
  /** Whether it was ended by Ctrl-C, so that rounds are missing. */
  readonly interrupted: boolean
  readonly environment: Environment
  readonly noise: Noise
  /** Contenders that did not take part at all. */
  readonly skipped: readonly Absence[]
  readonly cases: readonly CaseReport[]
}

export interface Absence {
  readonly contender: string
  readonly reason: string
}

export interface CaseReport {
  readonly name: string
  readonly group: string
  readonly title: string
  readonly role: BenchCase['role']
  readonly metric: Metric
  readonly also: readonly Metric[]
  readonly cpuFor: 'million messages' | 'GiB' | 'nothing'
  /** The contender that ratios are of. */
  readonly reference: string
  readonly contenders: readonly ContenderReport[]
  /** Contenders that do not take part in this case. */
  readonly skipped: readonly Absence[]
}

export interface ContenderReport {
  readonly name: string
  readonly title: string
  /** Whether it is of this repository. */
  readonly ours: boolean
  /** One for each round; null where it failed. */
  readonly rounds: readonly (Measurement | null)[]
  /** Why rounds failed, each reason once. */
  readonly failures: readonly string[]
}
