import { identityOf, type ProcessStat, readProcessStats } from './process-stat.js'

/**
 * A process and all that it started: its descendants, what was seen as one of them before its parent ended, and what
 * belongs to a process group or session that one of them leads (a daemon leaves its parents, but not its session).
 * Not found is who leaves parent, group and session between two looks, as daemon(3) does. This process itself is
 * never a member, not even when it watches the shell that started it.
 */
export class ProcessTree {
  readonly #root: number
  #known = new Set<string>()
  /** Process groups and sessions that members lead or have led. */
  #led = new Set<number>()

  constructor(root: number) {
    this.#root = root
  }

  /** The members, ended ones that nobody has waited for included, the root first. */
  members(): ProcessStat[] {
    const all = readProcessStats().filter(({ pid }) => pid !== process.pid)
    const members = new Map<string, ProcessStat>()
    const pids = new Set<number>()
    // Parents mostly have smaller pids than their children, but pids wrap: look until nobody new turns up.
    let found = -1
    while (found < members.size) {
      found = members.size
      for (const stat of all) {
        const identity = identityOf(stat)
        if (members.has(identity) || !this.#belongs(stat, identity, pids)) continue
        members.set(identity, stat)
        pids.add(stat.pid)
        if (stat.group === stat.pid || stat.session === stat.pid) this.#led.add(stat.pid)
      }
    }
    this.#known = new Set(members.keys())
    // The number of a group that has no member any more may come back as that of strangers.
    const present = new Set([...members.values()].flatMap(({ group, session }) => [group, session]))
    this.#led = new Set([...this.#led].filter(leader => present.has(leader)))
    return [...members.values()].sort((a, b) => rank(a, this.#root) - rank(b, this.#root))
  }

  #belongs(stat: ProcessStat, identity: string, members: ReadonlySet<number>): boolean {
    if (this.#known.has(identity) || members.has(stat.parent)) return true
    if (this.#led.has(stat.group) || this.#led.has(stat.session)) return true
    return stat.pid === this.#root && this.#known.size === 0
  }
}

function rank(stat: ProcessStat, root: number): number {
  return stat.pid === root ? -1 : stat.pid
}
