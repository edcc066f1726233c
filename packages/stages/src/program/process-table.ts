import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** One process as `/proc/PID/stat` shows it (proc_pid_stat(5)). */
export interface ProcessEntry {
  readonly pid: number
  readonly parent: number
  readonly group: number
  readonly session: number
  /** One letter: R running, S sleeping, Z ended and not yet waited for … */
  readonly state: string
  /** Clock ticks since boot. Together with the pid it names one process for ever: pids come back, this does not. */
  readonly startTime: number
}

/** Reads one process; undefined when there is none of that pid. */
export function readProcess(pid: number): ProcessEntry | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  // The command stands in parentheses and may itself contain spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const number = (index: number) => Number(fields[index])
  return {
    pid,
    state: fields[0] ?? '?',
    parent: number(1),
    group: number(2),
    session: number(3),
    startTime: number(19),
  }
}

/** Every process of this machine, also those that have ended and were not waited for yet. */
export function readProcessTable(): ProcessEntry[] {
  return readdirSync('/proc').flatMap(name => {
    const entry = /^\d+$/.test(name) ? readProcess(Number(name)) : undefined
    return entry ? [entry] : []
  })
}

/** True when the process still runs: neither gone nor a zombie, and not another one that got its pid. */
export function stillRuns(entry: ProcessEntry): boolean {
  const now = readProcess(entry.pid)
  return now !== undefined && now.startTime === entry.startTime && isAlive(now)
}

/** False for a process that has ended and was not waited for yet. */
export function isAlive(entry: ProcessEntry): boolean {
  return entry.state !== 'Z' && entry.state !== 'X'
}

/** True when the environment that the process was started with contains `text`; false where it cannot be read. */
export function environmentContains(pid: number, text: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(text)
  } catch {
    return false
  }
}

/** The command line of a process, words joined by spaces; empty when it is gone. */
export function commandLineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim()
  } catch {
    return ''
  }
}

/** The processes that hold a socket of one of these inodes, as far as this user may look. */
export function holdersOfSockets(inodes: ReadonlySet<number>): number[] {
  const links = new Set([...inodes].map(inode => `socket:[${inode}]`))
  return readdirSync('/proc').flatMap(name => (/^\d+$/.test(name) && holdsOneOf(name, links) ? [Number(name)] : []))
}

function holdsOneOf(pid: string, links: ReadonlySet<string>): boolean {
  let descriptors: string[]
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`)
  } catch {
    return false
  }
  return descriptors.some(descriptor => {
    try {
      return links.has(readlinkSync(`/proc/${pid}/fd/${descriptor}`))
    } catch {
      return false
    }
  })
}
