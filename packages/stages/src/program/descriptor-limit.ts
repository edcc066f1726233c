import { readdirSync } from 'node:fs'
import { descriptorLimitOf } from '../machine.js'

/** The descriptors of a process that can accept nobody any more. */
export interface ExhaustedDescriptors {
  readonly open: number
  /** How many it may have open at once. */
  readonly limit: number
}

/** The first of these processes that has no descriptors left (accept(2), EMFILE); undefined when none is seen to be. */
export function findExhausted(pids: readonly number[]): ExhaustedDescriptors | undefined {
  return pids.map(lookAt).find(descriptors => descriptors !== undefined)
}

function lookAt(pid: number): ExhaustedDescriptors | undefined {
  try {
    const limit = descriptorLimitOf(pid)
    const open = readdirSync(`/proc/${pid}/fd`).length
    // Each thread that waits in accept(2) has taken a descriptor that does not show yet.
    const threads = readdirSync(`/proc/${pid}/task`).length
    return limit !== undefined && open + threads >= limit ? { open, limit } : undefined
  } catch {
    return undefined
  }
}
