import { readdirSync, readFileSync, readlinkSync, statfsSync, statSync } from 'node:fs'
import { identityOf, type ProcessStat } from './process-stat.js'

/** So many descriptors of a process are looked at for each sample, in turn: reading them all would cost too much. */
const descriptorsLookedAt = 256

/** Types of file systems whose files are memory (statfs(2)): tmpfs, and with it memfd, and hugetlbfs. */
const memoryFileSystems = new Set([0x01021994, 0x958458f6])

const bytesPerBlock = 512

interface Search {
  /** Where the next look begins among the descriptors. */
  next: number
  /** Descriptors of such files, as far as they have been found. */
  held: Set<string>
}

/** What the descriptors of a tree's members tell. */
export interface DescriptorSample {
  /** Open descriptors; undefined when those of one member may not be looked at. */
  readonly count: number | undefined
  /** Memory in bytes of files without a name that no member has mapped. */
  readonly unmappedFileBytes: number
}

/**
 * Finds memory that is part of no process: files without a name that are held open, a memfd or a deleted file on tmpfs,
 * as far as no member maps them (what is mapped stands in PSS). A file on tmpfs that still has its name does not count:
 * it may be anybody's, and it may be a log. Nor do System V segments that nobody has attached, pipes, and the
 * kernel's socket buffers.
 */
export class UnmappedFiles {
  #searches = new Map<string, Search>()

  /** Looks at the open files of all members. */
  look(members: readonly ProcessStat[]): DescriptorSample {
    const searches = new Map<string, Search>()
    const allocated = new Map<number, number>()
    let count: number | undefined = 0
    for (const member of members) {
      const descriptors = descriptorsOf(member.pid)
      count = count === undefined || descriptors === undefined ? undefined : count + descriptors.length
      const search = this.#searches.get(identityOf(member)) ?? { next: 0, held: new Set() }
      searches.set(identityOf(member), search)
      for (const [inode, bytes] of find(member.pid, descriptors ?? [], search)) allocated.set(inode, bytes)
    }
    this.#searches = searches
    return { count, unmappedFileBytes: allocated.size === 0 ? 0 : unmapped(members, allocated) }
  }
}

/** The inodes and bytes of such files among the descriptors that are known to be of that kind, or whose turn it is. */
function find(pid: number, descriptors: readonly string[], search: Search): [inode: number, bytes: number][] {
  const open = new Set(descriptors)
  const turn = descriptors.length <= descriptorsLookedAt ? descriptors : nextOf(descriptors, search)
  const candidates = new Set([...search.held].filter(descriptor => open.has(descriptor)).concat(turn))
  search.held.clear()
  const found: [number, number][] = []
  for (const descriptor of candidates) {
    const file = namelessMemoryFile(`/proc/${pid}/fd/${descriptor}`)
    if (file === undefined) continue
    search.held.add(descriptor)
    found.push(file)
  }
  return found
}

function nextOf(descriptors: readonly string[], search: Search): string[] {
  const from = search.next < descriptors.length ? search.next : 0
  search.next = from + descriptorsLookedAt
  return descriptors.slice(from, search.next)
}

function namelessMemoryFile(link: string): [inode: number, bytes: number] | undefined {
  try {
    // Sockets and pipes have no path; they are the many.
    if (!readlinkSync(link).startsWith('/')) return undefined
    const { nlink, ino, blocks } = statSync(link)
    if (nlink > 0 || !memoryFileSystems.has(statfsSync(link).type)) return undefined
    return [ino, blocks * bytesPerBlock]
  } catch {
    return undefined
  }
}

function unmapped(members: readonly ProcessStat[], allocated: ReadonlyMap<number, number>): number {
  const mapped = new Map<number, number>()
  for (const { pid } of members) {
    for (const [inode, bytes] of mappedDeletedFiles(pid)) mapped.set(inode, Math.max(mapped.get(inode) ?? 0, bytes))
  }
  let total = 0
  for (const [inode, bytes] of allocated) total += Math.max(0, bytes - (mapped.get(inode) ?? 0))
  return total
}

/** How many bytes of address space each deleted file takes in a process (`/proc/PID/maps`, proc_pid_maps(5)). */
function mappedDeletedFiles(pid: number): Map<number, number> {
  const mapped = new Map<number, number>()
  let maps = ''
  try {
    maps = readFileSync(`/proc/${pid}/maps`, 'latin1')
  } catch {
    // It has ended, or may not be looked at.
  }
  for (const [, from, to, inode] of maps.matchAll(/^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ (\d+) +\/.*\(deleted\)$/gm)) {
    const bytes = Number(BigInt(`0x${to}`) - BigInt(`0x${from}`))
    mapped.set(Number(inode), (mapped.get(Number(inode)) ?? 0) + bytes)
  }
  return mapped
}

function descriptorsOf(pid: number): string[] | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`)
  } catch {
    return undefined
  }
}
