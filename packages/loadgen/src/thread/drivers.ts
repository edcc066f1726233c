import type { LoadPlan, WorkloadName } from '../plan.js'
import { idleDriver } from '../workloads/idle-connection.js'
import { streamDriver } from '../workloads/stream-connection.js'
import { stringsDriver } from '../workloads/strings-connection.js'
import { vanishDriver } from '../workloads/vanish-connection.js'
import type { CreateDriver } from './driver.js'

const byName: { readonly [Name in WorkloadName]: CreateDriver<Extract<LoadPlan, { workload: Name }>> } = {
  stream: streamDriver,
  idle: idleDriver,
  strings: stringsDriver,
  vanish: vanishDriver,
}

/** What makes the driver of a plan on the loop's thread. */
export function createDriverOf(plan: LoadPlan): CreateDriver<LoadPlan> {
  return byName[plan.workload] as unknown as CreateDriver<LoadPlan>
}
