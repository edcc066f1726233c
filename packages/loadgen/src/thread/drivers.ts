import type { LoadPlan, WorkloadName } from './plan.js'
import type { Driver } from './session.js'
import { idleDriver } from './workloads/idle-connection.js'
import { streamDriver } from './workloads/stream-connection.js'
import { stringsDriver } from './workloads/strings-connection.js'
import { vanishDriver } from './workloads/vanish-connection.js'

const byName: { readonly [Name in WorkloadName]: Driver<Extract<LoadPlan, { workload: Name }>> } = {
  stream: streamDriver,
  idle: idleDriver,
  strings: stringsDriver,
  vanish: vanishDriver,
}

/** What runs a plan on the loop's thread. */
export function driverOf(plan: LoadPlan): Driver<LoadPlan> {
  return byName[plan.workload] as unknown as Driver<LoadPlan>
}
