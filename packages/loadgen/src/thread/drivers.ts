import type { LoadPlan, WorkloadName } from '../plan.js'
import { churnDriver } from '../workloads/churn-connection.js'
import { crowdDriver } from '../workloads/crowd-connection.js'
import { idleDriver } from '../workloads/idle-connection.js'
import { kvDriver } from '../workloads/kv-driver.js'
import { pingPongDriver } from '../workloads/ping-pong-connection.js'
import { slowDriver } from '../workloads/slow-connection.js'
import { streamDriver } from '../workloads/stream-connection.js'
import { stringsDriver } from '../workloads/strings-connection.js'
import { vanishDriver } from '../workloads/vanish-connection.js'
import type { CreateDriver } from './driver.js'

const byName: { readonly [Name in WorkloadName]: CreateDriver<Extract<LoadPlan, { workload: Name }>> } = {
  'ping-pong': pingPongDriver,
  kv: kvDriver,
  stream: streamDriver,
  strings: stringsDriver,
  churn: churnDriver,
  crowd: crowdDriver,
  idle: idleDriver,
  slow: slowDriver,
  vanish: vanishDriver,
}

/** What makes the driver of a plan on the loop's thread. */
export function createDriverOf(plan: LoadPlan): CreateDriver<LoadPlan> {
  return byName[plan.workload] as unknown as CreateDriver<LoadPlan>
}
