/** The CPU time of one process as the kernel shows it, in milliseconds. */
export interface ProcessCpu {
  /** Names the process for ever. */
  readonly identity: string
  /** The identity of its parent, where that is a member of the tree too. */
  readonly parent: string | undefined
  /** Its own, over all its threads. */
  readonly own: number
  /** That of its children which have ended and were waited for, with all that these had waited for. */
  readonly children: number
}

/**
 * Adds up the CPU time of a tree whose members come and go. When a process ends, its time passes to its parent's
 * account of children, if the parent waits for it; if nobody in the tree does (a daemon; SIGCHLD ignored), what was
 * last seen of it is kept here. Either way it counts once.
 */
export class CpuAccount {
  #members = new Map<string, ProcessCpu>()
  /** Time of ended processes that stands in no living member's account. */
  #departed = 0
  #base: number | undefined
  #total = 0

  /** Takes in all present members, and returns the milliseconds that the tree has used since the first call. */
  update(present: readonly ProcessCpu[]): number {
    const members = new Map(present.map(member => [member.identity, member]))
    this.#departed += this.#unaccounted(members)
    this.#members = members
    const sum = present.reduce((total, { own, children }) => total + own + children, this.#departed)
    this.#base ??= sum
    this.#total = Math.max(this.#total, sum - this.#base)
    return this.#total
  }

  #unaccounted(now: ReadonlyMap<string, ProcessCpu>): number {
    const owed = new Map<string | undefined, number>()
    for (const { identity, parent, own, children } of this.#members.values()) {
      if (now.has(identity)) continue
      const heir = parent !== undefined && now.has(parent) ? parent : undefined
      owed.set(heir, (owed.get(heir) ?? 0) + own + children)
    }
    let missing = 0
    for (const [heir, time] of owed) missing += Math.max(0, time - this.#gained(heir, now))
    return missing
  }

  /** How much the children's account of a member has grown since the last call. */
  #gained(identity: string | undefined, now: ReadonlyMap<string, ProcessCpu>): number {
    if (identity === undefined) return 0
    return (now.get(identity)?.children ?? 0) - (this.#members.get(identity)?.children ?? 0)
  }
}
