export type { Mismatch } from './payload/mismatch.js'
export type { LoadPlan, PlanBase, Resolved, Segment, Target, WorkloadName } from './plan.js'
export {
  type ConnectionCounts,
  type ConnectionProgress,
  type CrowdProof,
  type Environment,
  type FailureCounts,
  type FailureKind,
  type GeneratorCost,
  type Interval,
  type KvReport,
  type Lag,
  type LoadFailure,
  type LoadReport,
  type Measured,
  type MessageReport,
  type Phase,
  type Progress,
  type RecordedLatency,
  type ServerReport,
  type ServerSample,
  type Stalls,
  stallThreshold,
  type TargetReport,
  type Traffic,
  type Verdict,
} from './report.js'
export { type LoadOptions, type LoadRun, startLoad } from './run/load-run.js'
export type { ChurnPlan } from './workloads/churn.js'
export type { CrowdPlan } from './workloads/crowd.js'
export type { IdlePlan } from './workloads/idle.js'
export type { KvPlan } from './workloads/kv.js'
export type { PingPongPlan } from './workloads/ping-pong.js'
export type { SlowPlan } from './workloads/slow.js'
export type { StreamPlan } from './workloads/stream.js'
export type { StringsPlan } from './workloads/strings.js'
export type { VanishPlan } from './workloads/vanish.js'
