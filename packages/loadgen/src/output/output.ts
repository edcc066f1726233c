import type { EngineChoice } from 'reactor'
import type { LoadPlan, Resolved } from '../plan.js'
import type { Interval, LoadReport, Progress } from '../report.js'
import type { ThresholdResult } from './threshold.js'

/** What is known of a run when it starts. */
export interface RunStart {
  /** The plan with every default filled in. */
  readonly plan: Resolved<LoadPlan>
  readonly engine: EngineChoice
  /** What the run will do, a line for each fact. */
  readonly description: readonly string[]
}

/** What came of a run, and how it stands to its thresholds. */
export interface RunResult {
  readonly report: LoadReport
  readonly thresholds: readonly ThresholdResult[]
}

/** One way to tell of a run: each is told of what it has a method for, in this order. */
export interface Output {
  onStart?(start: RunStart): void
  onProgress?(progress: Progress): void
  onInterval?(interval: Interval): void
  onEnd?(result: RunResult): void
}
