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
  /** It ran before the tree was watched: what it had used when it was first seen is not the tree's. */
  readonly older?: boolean
}

/**
 * Adds up the CPU time of a tree whose members come and go. When a process ends, its time passes to its parent's
 * account of children, if the parent waits for it; if nobody in the tree does (a daemon; SIGCHLD ignored), what was
 * last seen of it is kept here. Either way it counts once, never twice. Lost is what a process that nobody waits for
 * used after it was last seen.
 */
export class CpuAccount {
  #members: ReadonlyMap<string, ProcessCpu> = new Map()
  /** Time of ended processes that stands in no living member's account. */
  #departed = 0
  /** Time that was used before the tree was watched. */
  #earlier = 0
  #total = 0
  #first = true

  /**
   * Takes in all present members, and returns the milliseconds that the tree has used since the first call. A process
   * that has ended is present until it was waited for.
   */
  update(present: readonly ProcessCpu[]): number {
    const members = new Map(present.map(member => [member.identity, member]))
    this.#departed += this.#unaccounted(members)
    for (const member of present) {
      const joins = !this.#members.has(member.identity)
      if (this.#first || (joins && member.older)) this.#earlier += member.own + member.children
    }
    this.#first = false
    this.#members = members
    const sum = present.reduce((total, { own, children }) => total + own + children, 0)
    this.#total = Math.max(this.#total, sum + this.#departed - this.#earlier)
    return this.#total
  }

  #unaccounted(now: ReadonlyMap<string, ProcessCpu>): number {
    const owed = new Map<string | undefined, number>()
    for (const member of this.#members.values()) {
      if (now.has(member.identity)) continue
      const heir = this.#heirOf(member, now)
      owed.set(heir, (owed.get(heir) ?? 0) + member.own + member.children)
    }
    let missing = 0
    for (const [heir, time] of owed) missing += Math.max(0, time - this.#gained(heir, now))
    return missing
  }

  /** The nearest ancestor that still is there: when several generations end together, all their time is with it. */
  #heirOf(member: ProcessCpu, now: ReadonlyMap<string, ProcessCpu>): string | undefined {
    let { parent } = member
    while (parent !== undefined && !now.has(parent)) parent = this.#members.get(parent)?.parent
    return parent
  }

  /** How much the children's account of a member has grown since the last call. */
  #gained(identity: string | undefined, now: ReadonlyMap<string, ProcessCpu>): number {
    if (identity === undefined) return 0
    return (now.get(identity)?.children ?? 0) - (this.#members.get(identity)?.children ?? 0)
  }
}
