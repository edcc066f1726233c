export { type LoadOptions, type LoadRun, startLoad } from './load-run.js'
export type { Mismatch } from './payload/mismatch.js'
export type { LoadPlan, PlanBase, Resolved, Target, WorkloadName } from './plan.js'
export {
  type ConnectionCounts,
  type ConnectionProgress,
  type FailureKind,
  type LoadFailure,
  type LoadReport,
  type MessageReport,
  type Progress,
  type Stalls,
  stallThreshold,
  type TargetReport,
  type Traffic,
  type Verdict,
} from './report.js'
export type { IdlePlan } from './workloads/idle.js'
export type { StreamPlan } from './workloads/stream.js'
export type { StringsPlan } from './workloads/strings.js'
export type { VanishPlan } from './workloads/vanish.js'
