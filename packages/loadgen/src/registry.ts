import type { LoadPlan, Resolved, WorkloadName } from './plan.js'
import { Problems } from './problems.js'
import type { Workload } from './workload.js'
import { churn } from './workloads/churn.js'
import { crowd } from './workloads/crowd.js'
import { idle } from './workloads/idle.js'
import { kv } from './workloads/kv.js'
import { pingPong } from './workloads/ping-pong.js'
import { slow } from './workloads/slow.js'
import { stream } from './workloads/stream.js'
import { strings } from './workloads/strings.js'
import { vanish } from './workloads/vanish.js'

/** Every workload by its name. A new one joins here, and with its driver in thread/drivers.ts. */
const byName: { readonly [Name in WorkloadName]: Workload<Extract<LoadPlan, { workload: Name }>> } = {
  'ping-pong': pingPong,
  kv,
  stream,
  strings,
  churn,
  crowd,
  idle,
  slow,
  vanish,
}

/** All workloads, in the order in which help lists them. */
export const workloads = Object.values(byName) as readonly Workload<LoadPlan>[]

/** The workload of a plan. Throws a UsageError when there is none of that name. */
export function workloadOf(plan: LoadPlan): Workload<LoadPlan> {
  const workload = workloads.find(({ name }) => name === plan.workload)
  if (workload === undefined) {
    const problems = new Problems()
    problems.add(`workload '${plan.workload}' does not exist; expected one of ${Object.keys(byName).join(', ')}`)
    problems.settle()
  }
  return workload as Workload<LoadPlan>
}

/** Fills in every default. Throws a UsageError that names everything that is wrong with the plan. */
export function resolvePlan(plan: LoadPlan): Resolved<LoadPlan> {
  const workload = workloadOf(plan)
  const problems = new Problems()
  const resolved = {
    ...workload.resolve(plan),
    targets: plan.targets,
    seed: plan.seed,
    engine: plan.engine ?? 'auto',
    connectRate: plan.connectRate ?? workload.connectRate,
    connectTimeout: plan.connectTimeout ?? 10_000,
    stallTimeout: plan.stallTimeout ?? 30_000,
    threads: plan.threads ?? 1,
    sourceAddresses: plan.sourceAddresses ?? [],
    noDelay: plan.noDelay ?? true,
    warmup: plan.warmup ?? 0,
    interval: plan.interval ?? 1_000,
    segment: plan.segment ?? { index: 1, count: 1 },
    startAt: plan.startAt ?? 0,
    wrongBytesEnd: plan.wrongBytesEnd ?? 'run',
    monitor: plan.monitor ?? 'none',
  } as Resolved<LoadPlan>
  validateBase(resolved, problems)
  workload.validate(resolved, problems)
  problems.settle()
  return resolved
}

const mostThreads = 64

function validateBase(plan: Resolved<LoadPlan>, problems: Problems): void {
  const { targets, threads, segment, interval, wrongBytesEnd } = plan
  problems.expect(targets.length > 0, 'no target; give a port such as 8001, or host:port')
  problems.expect(threads >= 1 && threads <= mostThreads, `--threads ${threads}: expected 1 to ${mostThreads}`)
  problems.expect(interval >= 10, `--interval ${interval}: expected at least 10ms`)
  problems.expect(wrongBytesEnd === 'run' || wrongBytesEnd === 'connection', `wrong bytes cannot end ${wrongBytesEnd}`)
  const { index, count } = segment
  problems.expect(
    Number.isSafeInteger(index) && Number.isSafeInteger(count) && index >= 1 && index <= count,
    `--segment ${index}/${count}: expected one such as 2/4, the second of four`
  )
  const connections = workloadOf(plan).connections(plan)
  problems.expect(
    connections === 0 || connections >= threads * count,
    `${connections} connections cannot be shared by ${threads * count} threads; open more, or take fewer threads`
  )
  for (const [name, value] of Object.entries(plan)) {
    const usable = typeof value !== 'number' || (Number.isSafeInteger(value) && value >= 0)
    problems.expect(usable, `${name} ${value}: expected a whole number from 0 to ${Number.MAX_SAFE_INTEGER}`)
  }
}
