import { readdirSync, readFileSync } from 'node:fs'

/** Beyond so many threads, their switches are not counted: reading each costs more than it tells. */
const threadsLookedAt = 256

/**
 * Proportional set size in bytes (`/proc/PID/smaps_rollup`, proc_pid_smaps(5)): pages that several processes share are
 * divided among them, so that a tree's sum counts each once. Shared memory counts when it is mapped; what is not mapped
 * is looked for elsewhere (`UnmappedFiles`). Undefined where it may not be read.
 */
export function readPss(pid: number): number | undefined {
  const rollup = readIfAllowed(`/proc/${pid}/smaps_rollup`)
  const [, kibibytes] = rollup?.match(/^Pss:\s+(\d+) kB$/m) ?? []
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
}

/** Resident set size in bytes (`/proc/PID/status`, proc_pid_status(5)); undefined when the process has ended. */
export function readRss(pid: number): number | undefined {
  const [, kibibytes] = readIfAllowed(`/proc/${pid}/status`)?.match(/^VmRSS:\s+(\d+) kB$/m) ?? []
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024
}

export interface ContextSwitches {
  /** The thread gave the CPU up by itself, to wait. */
  readonly voluntary: number
  /** The CPU was taken from the thread. */
  readonly involuntary: number
}

/** Context switches of all threads that run now, since each began (`/proc/PID/task/TID/status`, proc_pid_status(5)). */
export function readContextSwitches(pid: number): ContextSwitches {
  let [voluntary, involuntary] = [0, 0]
  for (const thread of threadsOf(pid)) {
    const status = readIfAllowed(`/proc/${pid}/task/${thread}/status`) ?? ''
    voluntary += Number(status.match(/^voluntary_ctxt_switches:\s+(\d+)$/m)?.[1] ?? 0)
    involuntary += Number(status.match(/^nonvoluntary_ctxt_switches:\s+(\d+)$/m)?.[1] ?? 0)
  }
  return { voluntary, involuntary }
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).slice(0, threadsLookedAt)
  } catch {
    return []
  }
}

function readIfAllowed(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}
