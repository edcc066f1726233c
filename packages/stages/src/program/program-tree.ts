import { environmentContains, isAlive, type ProcessEntry, readProcessTable, stillRuns } from './process-table.js'
import { isOrphan, reap } from './subreaper.js'

/**
 * All processes that belong to a program: its descendants, everything in its process group and session, and what
 * left both (a daemon forks twice and calls setsid(2)) but still carries the mark in its environment or came to us when
 * its parent ended. Whoever once belonged belongs until it ends.
 */
export class ProgramTree {
  readonly #leader: number
  readonly #mark: string
  readonly #onOrphan: (pid: number) => void
  #members = new Map<string, ProcessEntry>()
  /** Processes whose environment has been looked at and lacks the mark. */
  #strangers = new Set<string>()

  /**
   * `leader` is the pid of a process that was started as leader of its own session; `mark` a `NAME=value`. `onOrphan` is
   * told of each member that nothing but its having come to us shows to be one.
   */
  constructor(leader: number, mark: string, onOrphan: (pid: number) => void = () => {}) {
    this.#leader = leader
    this.#mark = mark
    this.#onOrphan = onOrphan
  }

  /** The processes of the program that run at this moment, the leader first if it does. */
  members(): ProcessEntry[] {
    const all = readProcessTable()
    for (const entry of all) if (!isAlive(entry) && isOrphan(entry)) reap(entry)
    const table = all.filter(isAlive)
    const keys = new Map(table.map(entry => [keyOf(entry), entry]))
    const known = new Map([...this.#members].filter(([key]) => keys.has(key)))
    const byPid = new Map(table.map(entry => [entry.pid, entry]))
    for (const entry of table) {
      if (this.#belongs(entry, byPid, known)) known.set(keyOf(entry), entry)
    }
    this.#members = known
    this.#strangers = new Set([...this.#strangers].filter(key => keys.has(key)))
    return [...known.values()].sort((a, b) => rank(a, this.#leader) - rank(b, this.#leader))
  }

  /** True while any process of the program runs. */
  isAlive(): boolean {
    return [...this.#members.values()].some(stillRuns) || this.members().length > 0
  }

  #belongs(
    entry: ProcessEntry,
    byPid: ReadonlyMap<number, ProcessEntry>,
    known: ReadonlyMap<string, ProcessEntry>
  ): boolean {
    for (let ancestor: ProcessEntry | undefined = entry; ancestor; ancestor = byPid.get(ancestor.parent)) {
      if (ancestor.pid === this.#leader || ancestor.session === this.#leader || ancestor.group === this.#leader) {
        return true
      }
      if (known.has(keyOf(ancestor))) return true
      if (isOrphan(ancestor)) {
        this.#onOrphan(entry.pid)
        return true
      }
      if (ancestor.parent === 0) break
    }
    const key = keyOf(entry)
    if (this.#strangers.has(key)) return false
    if (environmentContains(entry.pid, this.#mark)) return true
    this.#strangers.add(key)
    return false
  }
}

function keyOf(entry: ProcessEntry): string {
  return `${entry.pid}:${entry.startTime}`
}

function rank(entry: ProcessEntry, leader: number): number {
  return entry.pid === leader ? -1 : entry.pid
}
