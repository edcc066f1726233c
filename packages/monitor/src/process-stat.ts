import { readdirSync, readFileSync } from 'node:fs'

/** What is read of `/proc/PID/stat` (proc_pid_stat(5)) beyond what pidusage tells. */
export interface ProcessStat {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  readonly name: string
  /** It has ended, and stands in the table only until its parent waits for it; its CPU time is final. */
  readonly ended: boolean
  /** CPU time of its own, over all its threads, in clock ticks. */
  readonly ownTicks: number
  /** CPU time of children that have ended and were waited for, theirs included, in clock ticks. */
  readonly childrenTicks: number
  readonly threads: number
  /** Clock ticks since boot. With the pid it names one process for ever: pids come back, this does not. */
  readonly startTime: number
}

/** Reads one process; undefined when there is none of that pid. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // The name stands in parentheses, and may contain spaces and parentheses.
  const nameEnd = stat.lastIndexOf(')')
  const fields = stat.slice(nameEnd + 2).split(' ')
  const field = (index: number) => Number(fields[index])
  return {
    pid,
    parent: field(1),
    group: field(2),
    session: field(3),
    name: stat.slice(stat.indexOf('(') + 1, nameEnd),
    ended: fields[0] === 'Z' || fields[0] === 'X',
    ownTicks: field(11) + field(12),
    childrenTicks: field(13) + field(14),
    threads: field(17),
    startTime: field(19),
  }
}

/** Every process of the machine, those included that have ended and that nobody has waited for yet. */
export function readProcessStats(): ProcessStat[] {
  const stats: ProcessStat[] = []
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const stat = Number.isInteger(pid) ? readProcessStat(pid) : undefined
    if (stat !== undefined) stats.push(stat)
  }
  return stats
}

/** What names a process for ever. */
export function identityOf({ pid, startTime }: ProcessStat): string {
  return `${pid}@${startTime}`
}
