import { uptime } from 'node:os'
import pidusage from 'pidusage'
import { CpuAccount } from './cpu-account.js'
import { readContextSwitches, readPss, readRss } from './process-details.js'
import { identityOf, type ProcessStat, readProcessStat } from './process-stat.js'
import { ProcessTree } from './process-tree.js'
import type { ProcessSample, Sample } from './sample.js'
import { takeSnapshot } from './snapshot.js'
import { UnmappedFiles } from './unmapped-files.js'

/** Clock ticks are hundredths of a second on every Linux that Node runs on (sysconf(3), _SC_CLK_TCK). */
const millisecondsPerTick = 10

/** How long pidusage remembers a pid after its last use, in milliseconds. What it remembers is not used. */
const maxage = 1000

/** Whoever ends between being listed and being read is not there; more than so often in a row it is all of them. */
const looks = 3

/** What pidusage says of one member. Its percentage is 0 the first time and moves in steps of 10 ms: not used. */
interface Usage {
  /** CPU time of its own in milliseconds. */
  readonly ctime: number
  /** RSS in bytes. */
  readonly memory: number
}

interface Observation {
  readonly stat: ProcessStat
  readonly usage: Usage
}

/** Looks at a tree of processes, and makes samples of what has changed since its last look. */
export class Sampler {
  readonly #list: () => ProcessStat[]
  readonly #account = new CpuAccount()
  readonly #files = new UnmappedFiles()
  readonly #startedAt = performance.now()
  readonly #startTick = (uptime() * 1000) / millisecondsPerTick
  #present: readonly ProcessStat[] = []
  /** The CPU time of each member's own at the last look, and when that was: milliseconds. */
  #before = { at: 0, own: new Map<string, number>() }
  #switchesAtStart: { voluntary: number; involuntary: number } | undefined

  /** Of the tree below `pid`, or of those whom `members` names. */
  constructor(pid: number, members?: () => readonly number[]) {
    const tree = new ProcessTree(pid)
    this.#list = members ? () => this.#named(members()) : () => tree.members()
  }

  /** The members that run at this moment. */
  members(): number[] {
    return this.#list().flatMap(({ pid, ended }) => (ended ? [] : [pid]))
  }

  /** Takes a sample; undefined when no member runs any more. `previous` is the one that was taken last. */
  async take(previous: Sample | undefined): Promise<Sample | undefined> {
    for (let look = 0; look < looks; look++) {
      this.#present = takeSnapshot(this.#list)
      const atMilliseconds = performance.now() - this.#startedAt
      const cpuSeconds = this.#updateAccount() / 1000
      const running = this.#present.filter(({ ended }) => !ended)
      if (running.length === 0) return undefined
      const observations = await observe(running)
      const processes = this.#processSamples(observations)
      if (processes.length > 0) return this.#toSample(processes, atMilliseconds, cpuSeconds, previous)
    }
    return undefined
  }

  /** Members whom the caller no longer names because they have ended still count until they were waited for. */
  #named(pids: readonly number[]): ProcessStat[] {
    const named = pids.flatMap(pid => readProcessStat(pid) ?? [])
    const identities = new Set(named.map(identityOf))
    const ended = this.#present.flatMap(member => {
      const now = readProcessStat(member.pid)
      return now?.ended && identityOf(now) === identityOf(member) && !identities.has(identityOf(now)) ? [now] : []
    })
    return named.concat(ended)
  }

  #updateAccount(): number {
    const identities = new Map(this.#present.map(stat => [stat.pid, identityOf(stat)]))
    return this.#account.update(
      this.#present.map(stat => ({
        identity: identityOf(stat),
        parent: identities.get(stat.parent),
        own: stat.ownTicks * millisecondsPerTick,
        children: stat.childrenTicks * millisecondsPerTick,
        older: stat.startTime < this.#startTick - 1,
      }))
    )
  }

  #toSample(
    processes: readonly ProcessSample[],
    atMilliseconds: number,
    cpuSeconds: number,
    previous: Sample | undefined
  ): Sample {
    const elapsed = atMilliseconds - (previous?.atMilliseconds ?? atMilliseconds)
    const pids = new Set(processes.map(({ pid }) => pid))
    const stats = this.#present.filter(({ pid }) => pids.has(pid))
    const { count, unmappedFileBytes } = this.#files.look(stats)
    const switches = this.#switches(stats)
    return {
      atMilliseconds,
      cpuPercent: percent((cpuSeconds - (previous?.cpuSeconds ?? cpuSeconds)) * 1000, elapsed),
      cpuSeconds,
      rssBytes: processes.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
      pssBytes: sumIfKnown(processes.map(({ pssBytes }) => pssBytes)),
      unmappedFileBytes,
      processes,
      threads: stats.reduce((sum, { threads }) => sum + threads, 0),
      descriptors: count,
      // Threads that end take their counts with them.
      voluntarySwitches: Math.max(previous?.voluntarySwitches ?? 0, switches.voluntary),
      involuntarySwitches: Math.max(previous?.involuntarySwitches ?? 0, switches.involuntary),
    }
  }

  #processSamples(observations: readonly Observation[]): ProcessSample[] {
    const at = performance.now()
    const { own: before, at: beforeAt } = this.#before
    this.#before = { at, own: new Map(observations.map(({ stat, usage }) => [identityOf(stat), usage.ctime])) }
    return observations.flatMap(({ stat, usage }) => {
      const pssBytes = readPss(stat.pid)
      // Not that one more secret process makes the memory of them all unknown, because it has just ended.
      if (pssBytes === undefined && !stillRuns(stat)) return []
      const cpuPercent = percent(usage.ctime - (before.get(identityOf(stat)) ?? usage.ctime), at - beforeAt)
      return [{ pid: stat.pid, name: stat.name, cpuPercent, rssBytes: usage.memory, pssBytes }]
    })
  }

  #switches(stats: readonly ProcessStat[]): { voluntary: number; involuntary: number } {
    let [voluntary, involuntary] = [0, 0]
    for (const { pid } of stats) {
      const switches = readContextSwitches(pid)
      voluntary += switches.voluntary
      involuntary += switches.involuntary
    }
    this.#switchesAtStart ??= { voluntary, involuntary }
    return {
      voluntary: voluntary - this.#switchesAtStart.voluntary,
      involuntary: involuntary - this.#switchesAtStart.involuntary,
    }
  }
}

async function observe(stats: readonly ProcessStat[]): Promise<Observation[]> {
  let usages: Record<string, Usage | undefined>
  try {
    usages = await pidusage(
      stats.map(({ pid }) => pid),
      { maxage }
    )
  } catch {
    // All of them have ended since they were listed.
    usages = {}
  }
  return stats.flatMap(stat => {
    const usage = usages[stat.pid] ?? readUsage(stat)
    return usage ? [{ stat, usage }] : []
  })
}

/** What pidusage would have said: it also fails where a process still runs. */
function readUsage(stat: ProcessStat): Usage | undefined {
  const memory = readRss(stat.pid)
  return memory === undefined ? undefined : { ctime: stat.ownTicks * millisecondsPerTick, memory }
}

function stillRuns(stat: ProcessStat): boolean {
  const now = readProcessStat(stat.pid)
  return now !== undefined && !now.ended && identityOf(now) === identityOf(stat)
}

/** Percent of one core. */
function percent(cpuMilliseconds: number, elapsedMilliseconds: number): number {
  return elapsedMilliseconds > 0 ? (100 * cpuMilliseconds) / elapsedMilliseconds : 0
}

function sumIfKnown(values: readonly (number | undefined)[]): number | undefined {
  let sum = 0
  for (const value of values) {
    if (value === undefined) return undefined
    sum += value
  }
  return sum
}
