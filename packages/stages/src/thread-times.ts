import { readdirSync, readFileSync } from 'node:fs'

const nanosecondsPerMillisecond = 1e6

/**
 * For each thread of some processes, the milliseconds since its start in which it ran or was ready to run but had no
 * core (`/proc/PID/task/TID/schedstat`, sched-stats in the kernel's documentation). Empty where the kernel does not tell.
 */
export function readThreadTimes(pids: readonly number[]): Map<number, number> {
  const times = new Map<number, number>()
  for (const pid of pids) {
    for (const thread of threadsOf(pid)) {
      const time = readTime(`/proc/${pid}/task/${thread}/schedstat`)
      if (time !== undefined) times.set(Number(thread), time)
    }
  }
  return times
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function readTime(path: string): number | undefined {
  try {
    const [running = 0, waiting = 0] = readFileSync(path, 'latin1').split(' ').map(Number)
    return (running + waiting) / nanosecondsPerMillisecond
  } catch {
    return undefined
  }
}
