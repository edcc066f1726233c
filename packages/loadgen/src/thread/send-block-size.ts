import { longestCommandLine } from '../kv/commands.js'
import type { LoadPlan, Resolved } from '../plan.js'

/** Bytes. */
const largest = 256 * 1024
const smallest = 1024

/**
 * How many bytes one write offers to the kernel at most. An engine may hold a block for every message that is on its
 * way: no larger, then, than the message.
 */
export function sendBlockSize(plan: Resolved<LoadPlan>): number {
  if (plan.workload === 'kv') return atLeast(plan.pipeline * (plan.valueSize.maximum + longestCommandLine))
  if (!('message' in plan)) return largest
  return atLeast(plan.message === '' ? plan.size.maximum : plan.message.length)
}

function atLeast(bytes: number): number {
  return Math.min(largest, Math.max(smallest, 2 ** Math.ceil(Math.log2(bytes))))
}
