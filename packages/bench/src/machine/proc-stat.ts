import { readFileSync } from 'node:fs'

/** Where the time of all cores went since the system started, in seconds (proc(5), `/proc/stat`). */
export interface MachineTime {
  /** Doing anything. */
  readonly busy: number
  /** Ready to run while the hypervisor ran something else. */
  readonly stolen: number
  /** All of it: the time since start times the number of cores. */
  readonly total: number
}

/** `USER_HZ`: what the kernel counts time in towards programs, on every architecture that Node runs on. */
export const ticksPerSecond = 100

/** Reads the time of all cores. */
export function readMachineTime(): MachineTime {
  const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? ''
  // Guests are counted in user time already.
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, interrupt = 0, soft = 0, stolen = 0] = line
    .trim()
    .split(/\s+/)
    .slice(1)
    .map(ticks => Number(ticks) / ticksPerSecond)
  const busy = user + nice + system + interrupt + soft
  return { busy, stolen, total: busy + idle + wait + stolen }
}
