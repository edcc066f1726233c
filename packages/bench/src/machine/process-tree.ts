import { readdirSync, readFileSync } from 'node:fs'
import { ticksPerSecond } from './proc-stat.js'

/** What a process tree holds, in bytes. */
export interface TreeMemory {
  /** Now: proportional set size where the kernel tells it, resident set size where not. */
  readonly now: number
  /**
   * The most that was resident at any time (`VmHWM`, exact). Of a tree of several processes it is what they hold now:
   * their peaks were not at one time, and shared pages would count many times.
   */
  readonly peak: number
}

/** With more threads a process is so large that the steps of its ticks do not matter, and reading all takes long. */
const threadsToRead = 256

/**
 * CPU time of the process trees with these roots, and of their children that have ended, in seconds. Exact for threads
 * that live where the kernel keeps schedstat, in steps of 10 ms otherwise. Processes that are gone count nothing.
 */
export function readTreeCpu(roots: readonly number[]): number {
  const processes = readProcesses()
  return roots.flatMap(root => tree(root, processes)).reduce((sum, process) => sum + cpuSeconds(process), 0)
}

/** Memory of the process trees with these roots. */
export function readTreeMemory(roots: readonly number[]): TreeMemory {
  const processes = readProcesses()
  const memory = { now: 0, peak: 0 }
  for (const root of roots) {
    const members = tree(root, processes).map(({ pid }) => readMemory(pid))
    const now = members.reduce((sum, member) => sum + member.now, 0)
    memory.now += now
    memory.peak += members.length === 1 ? (members[0]?.peak ?? 0) : now
  }
  return memory
}

interface Process {
  readonly pid: number
  readonly parent: number
  readonly threads: number
  /** Of its own threads, and of its children that have ended. */
  readonly ownTicks: number
  readonly childTicks: number
}

function readProcesses(): Process[] {
  return readdirSync('/proc').flatMap(name => {
    const process = /^\d+$/.test(name) ? readProcess(Number(name)) : undefined
    return process === undefined ? [] : [process]
  })
}

/** Fields of proc(5), counted from behind the name, which may hold anything: the first is field 3. */
function readProcess(pid: number): Process | undefined {
  const stat = read(`/proc/${pid}/stat`)
  if (stat === '') return undefined
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3])
  return {
    ...{ pid, parent: field(4), threads: field(20) },
    ...{ ownTicks: field(14) + field(15), childTicks: field(16) + field(17) },
  }
}

// Ticks are rounded down for each process: of a thousand small processes nothing would be left.
function cpuSeconds({ pid, threads, ownTicks, childTicks }: Process): number {
  const exact = threads > threadsToRead ? 0 : threadIds(pid).reduce((sum, id) => sum + runTime(pid, id), 0)
  // Threads that have ended are in the ticks alone.
  return Math.max(ownTicks / ticksPerSecond, exact) + childTicks / ticksPerSecond
}

/** The first number of schedstat (the kernel's sched-stats.rst): time spent on a CPU, in nanoseconds. */
function runTime(pid: number, thread: string): number {
  return Number(read(`/proc/${pid}/task/${thread}/schedstat`).split(' ', 1)[0]) / 1e9
}

function threadIds(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function tree(root: number, processes: readonly Process[]): Process[] {
  const found = processes.filter(({ pid }) => pid === root)
  for (const { pid } of found) found.push(...processes.filter(({ parent }) => parent === pid))
  return found
}

function readMemory(pid: number): TreeMemory {
  const status = read(`/proc/${pid}/status`)
  const now = kibibytes(read(`/proc/${pid}/smaps_rollup`), 'Pss') ?? kibibytes(status, 'VmRSS') ?? 0
  return { now, peak: kibibytes(status, 'VmHWM') ?? 0 }
}

function kibibytes(text: string, name: string): number | undefined {
  const [, amount] = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text) ?? []
  return amount === undefined ? undefined : Number(amount) * 1024
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
