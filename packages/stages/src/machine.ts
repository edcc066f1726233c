import { readFileSync } from 'node:fs'
import { formatCount, formatSize } from 'command-line'

const mebibyte = 1024 * 1024

/**
 * Descriptors that the judge needs at once: up to a few hundred connections, its threads, and what it watches. A shell's
 * usual limit is 1,024.
 */
const descriptorsNeeded = 512

/** Bytes. The judge's own threads and buffers; what the kernel keeps for the connections. */
const memoryNeeded = 256 * mebibyte

/** What this machine has for the judge. */
export interface Machine {
  /** Files that this process may have open (`ulimit -n`); undefined where it is not told. */
  readonly descriptors: number | undefined
  /** Bytes that can be had without swapping; undefined where it is not told. */
  readonly memory: number | undefined
}

/** Reads proc_pid_limits(5) and proc_meminfo(5). */
export function readMachine(): Machine {
  const descriptors = descriptorLimitOf('self')
  const kibibytes = readNumber('/proc/meminfo', /^MemAvailable:\s+(\d+) kB/m)
  return { descriptors, memory: kibibytes && kibibytes * 1024 }
}

/** What this machine lacks, in a sentence; undefined when it has enough to judge a program. */
export function describeShortage({ descriptors, memory }: Machine): string | undefined {
  if (descriptors !== undefined && descriptors < descriptorsNeeded) {
    return (
      `the judge may only have ${formatCount(descriptors)} files open and needs ${formatCount(descriptorsNeeded)}: ` +
      `raise the limit with 'ulimit -n ${descriptorsNeeded}' or more`
    )
  }
  if (memory !== undefined && memory < memoryNeeded) {
    return `only ${formatSize(memory)} of memory are free and the judge needs ${formatSize(memoryNeeded)}: end something else`
  }
  return undefined
}

/** Files that a process may have open (getrlimit(2), RLIMIT_NOFILE); undefined when that is unlimited or not told. */
export function descriptorLimitOf(pid: number | 'self'): number | undefined {
  return readNumber(`/proc/${pid}/limits`, /^Max open files\s+(\d+)/m)
}

function readNumber(path: string, pattern: RegExp): number | undefined {
  try {
    const [, digits] = readFileSync(path, 'latin1').match(pattern) ?? []
    return digits === undefined ? undefined : Number(digits)
  } catch {
    return undefined
  }
}
