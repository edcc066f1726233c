import { longestCommandLine } from '../kv/commands.js'
import type { LoadPlan, Resolved } from '../plan.js'

/** Bytes. */
const largest = 256 * 1024
const smallest = 1024
/** Shared by messages that are shorter: room for many, and little to be held by the last one of them. */
const shared = 16 * 1024

/**
 * How many bytes one write offers to the kernel at most. An engine may hold a block for as long as a message in it is
 * on its way: no larger, then, than the message, where that does not share it.
 */
export function sendBlockSize(plan: Resolved<LoadPlan>): number {
  if (plan.workload === 'kv') return powerOfTwo(plan.pipeline * (plan.valueSize.maximum + longestCommandLine), smallest)
  if (!('message' in plan)) return largest
  return powerOfTwo(plan.message === '' ? plan.size.maximum : plan.message.length, shared)
}

function powerOfTwo(bytes: number, least: number): number {
  return Math.min(largest, Math.max(least, 2 ** Math.ceil(Math.log2(bytes))))
}
