import type { Disturbance } from './noise.js'
import { readMachineTime } from './proc-stat.js'

/**
 * Starts watching the machine. What is returned ends that, and tells how much went on that was not part of the
 * measurement; `measured` is the CPU time of those that were, in seconds, without this process.
 */
export function watchDisturbance(): (measured: number) => Disturbance {
  const before = readMachineTime()
  const usedBefore = process.cpuUsage()
  return measured => {
    const after = readMachineTime()
    const { user, system } = process.cpuUsage(usedBefore)
    const total = after.total - before.total
    // The kernel counts in ticks: an instant has none.
    if (total <= 0) return { stolen: 0, others: 0 }
    const others = after.busy - before.busy - measured - (user + system) / 1e6
    return { stolen: Math.max(0, after.stolen - before.stolen) / total, others: Math.max(0, others) / total }
  }
}
