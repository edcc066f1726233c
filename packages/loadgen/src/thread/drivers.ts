import type { LoadPlan, WorkloadName } from '../plan.js'
import type { CreateDriver } from './driver.js'

// A thread loads its own workload and no other: to read and compile them all costs more than many a short run.
const byName: { readonly [Name in WorkloadName]: () => Promise<CreateDriver<Extract<LoadPlan, { workload: Name }>>> } =
  {
    'ping-pong': async () => (await import('../workloads/ping-pong-connection.js')).pingPongDriver,
    kv: async () => (await import('../workloads/kv-driver.js')).kvDriver,
    stream: async () => (await import('../workloads/stream-connection.js')).streamDriver,
    strings: async () => (await import('../workloads/strings-connection.js')).stringsDriver,
    churn: async () => (await import('../workloads/churn-connection.js')).churnDriver,
    crowd: async () => (await import('../workloads/crowd-connection.js')).crowdDriver,
    idle: async () => (await import('../workloads/idle-connection.js')).idleDriver,
    slow: async () => (await import('../workloads/slow-connection.js')).slowDriver,
    vanish: async () => (await import('../workloads/vanish-connection.js')).vanishDriver,
  }

/** What makes the driver of a plan on the loop's thread. */
export async function loadDriverOf(plan: LoadPlan): Promise<CreateDriver<LoadPlan>> {
  return (await byName[plan.workload]()) as unknown as CreateDriver<LoadPlan>
}
