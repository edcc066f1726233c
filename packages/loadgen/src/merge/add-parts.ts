import { latencyKinds } from '../measurement/latency-kind.js'
import { LatencyRecorder } from '../measurement/latency-recorder.js'
import { targetName } from '../plan.js'
import type {
  ConnectionCounts,
  FailureCounts,
  FailureKind,
  GeneratorCost,
  Interval,
  KvReport,
  Lag,
  LoadReport,
  Measured,
  MessageReport,
  Phase,
  RecordedLatency,
  TargetReport,
  Traffic,
} from '../report.js'

/** The parts of the same key together, in the order in which the keys first occur. */
function groupsOf<Part>(parts: readonly Part[], keyOf: (part: Part) => string): Part[][] {
  const groups = new Map<string, Part[]>()
  for (const part of parts) {
    const key = keyOf(part)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [part])
    else group.push(part)
  }
  return [...groups.values()]
}

function sum<Part>(parts: readonly Part[], amount: (part: Part) => number): number {
  return parts.reduce((total, part) => total + amount(part), 0)
}

/** Bytes, all together. */
export function addTraffic(parts: readonly Traffic[]): Traffic {
  return {
    sent: sum(parts, ({ sent }) => sent),
    received: sum(parts, ({ received }) => received),
    verified: sum(parts, ({ verified }) => verified),
  }
}

/** Counts add up; so does `peakOpen`, as the most that there can have been at once. */
export function addConnections(parts: readonly ConnectionCounts[]): ConnectionCounts {
  return {
    planned: sum(parts, ({ planned }) => planned),
    established: sum(parts, ({ established }) => established),
    completed: sum(parts, ({ completed }) => completed),
    failed: sum(parts, ({ failed }) => failed),
    open: sum(parts, ({ open }) => open),
    peakOpen: sum(parts, ({ peakOpen }) => peakOpen),
  }
}

/** One account for each target. */
export function addTargets(parts: readonly TargetReport[]): TargetReport[] {
  return groupsOf(parts, ({ target }) => targetName(target)).map(same => ({
    target: (same[0] as TargetReport).target,
    connections: addConnections(same.map(({ connections }) => connections)),
    messages: sum(same, ({ messages }) => messages),
    failureCounts: addFailures(same.map(({ failureCounts }) => failureCounts)),
    ...addTraffic(same),
  }))
}

/** Stalls of all shares. */
export function addStalls(reports: readonly LoadReport[]): LoadReport['stalls'] {
  return {
    count: sum(reports, ({ stalls }) => stalls.count),
    longest: Math.max(...reports.map(({ stalls }) => stalls.longest)),
    total: sum(reports, ({ stalls }) => stalls.total),
  }
}

/** Messages of all shares; undefined where there are none. */
export function addMessages(parts: readonly MessageReport[]): MessageReport | undefined {
  if (parts.length === 0) return undefined
  const echoed = sum(parts, part => part.echoed)
  return {
    planned: sum(parts, ({ planned }) => planned),
    echoed,
    meanEcho: echoed === 0 ? 0 : sum(parts, part => part.meanEcho * part.echoed) / echoed,
    longestEcho: Math.max(...parts.map(({ longestEcho }) => longestEcho)),
  }
}

/** Failures of all shares, by kind. */
export function addFailures(parts: readonly FailureCounts[]): FailureCounts {
  const kinds = [...new Set(parts.flatMap(counts => Object.keys(counts) as FailureKind[]))]
  return Object.fromEntries(kinds.map(kind => [kind, sum(parts, counts => counts[kind] ?? 0)]))
}

/** One histogram of each kind with the latencies of all shares. */
export function addLatencies(parts: readonly RecordedLatency[]): RecordedLatency {
  return Object.fromEntries(
    latencyKinds.flatMap(kind => {
      const encoded = parts.flatMap(part => part[kind] ?? [])
      if (encoded.length === 0) return []
      const recorder = new LatencyRecorder()
      for (const histogram of encoded) recorder.merge(histogram)
      return [[kind, recorder.encode()]]
    })
  )
}

/** The first interval of each phase is added to the first of that phase in the others, and so on. */
export function addIntervals(parts: readonly (readonly Interval[])[]): Interval[] {
  const placed = parts.flatMap(intervals => {
    const seen = new Map<Phase, number>()
    return intervals.map(interval => {
      const number = (seen.get(interval.phase) ?? 0) + 1
      seen.set(interval.phase, number)
      return { interval, place: `${interval.phase} ${number}` }
    })
  })
  return groupsOf(placed, ({ place }) => place)
    .map(same => addInterval(same.map(({ interval }) => interval)))
    .toSorted((left, right) => left.start - right.start)
}

function addInterval(parts: readonly Interval[]): Interval {
  return {
    start: Math.min(...parts.map(({ start }) => start)),
    end: Math.max(...parts.map(({ end }) => end)),
    phase: (parts[0] as Interval).phase,
    sent: sum(parts, ({ sent }) => sent),
    verified: sum(parts, ({ verified }) => verified),
    messages: sum(parts, ({ messages }) => messages),
    established: sum(parts, ({ established }) => established),
    ended: sum(parts, ({ ended }) => ended),
    open: sum(parts, ({ open }) => open),
    failures: addFailures(parts.map(({ failures }) => failures)),
  }
}

/** Shares that were all measured for so much of the time in which any was were measured at the same time. */
const together = 0.9

/**
 * All shares together. Where they were measured at the same time but for moments at both ends, it is over the mean of
 * their times, and the rate is the sum of their rates; else from the first one's start to the last one's end, lest what
 * was reached one after the other looks as if it had been reached together.
 */
export function addMeasured(parts: readonly Measured[]): Measured {
  const reached = parts.filter(({ elapsed }) => elapsed > 0)
  const start = reached.length === 0 ? 0 : Math.min(...reached.map(part => part.start))
  const ends = reached.map(part => part.start + part.elapsed)
  const whole = Math.max(0, ...ends) - start
  const common = Math.min(...ends) - Math.max(...reached.map(part => part.start))
  const mean = sum(reached, part => part.elapsed) / Math.max(1, reached.length)
  return {
    ...{ start, elapsed: common >= together * whole ? mean : whole },
    messages: sum(parts, ({ messages }) => messages),
    connections: sum(parts, ({ connections }) => connections),
    sent: sum(parts, ({ sent }) => sent),
    verified: sum(parts, ({ verified }) => verified),
  }
}

/** How far all shares together fell behind; undefined where none had a schedule. */
export function addLag(parts: readonly Lag[]): Lag | undefined {
  const [first] = parts
  if (first === undefined) return undefined
  return {
    scheduled: sum(parts, ({ scheduled }) => scheduled),
    late: sum(parts, ({ late }) => late),
    lateness: first.lateness,
    longest: Math.max(...parts.map(({ longest }) => longest)),
    total: sum(parts, ({ total }) => total),
    unsent: sum(parts, ({ unsent }) => unsent),
  }
}

/** What all requests came to; undefined where there was no store. */
export function addKv(parts: readonly KvReport[]): KvReport | undefined {
  if (parts.length === 0) return undefined
  return {
    sets: sum(parts, ({ sets }) => sets),
    hits: sum(parts, ({ hits }) => hits),
    misses: sum(parts, ({ misses }) => misses),
    preloaded: sum(parts, ({ preloaded }) => preloaded),
    preloadTime: Math.max(...parts.map(({ preloadTime }) => preloadTime)),
  }
}

/** What all processes together used; whether that was the limit is to be said of the whole. */
export function addCosts(parts: readonly GeneratorCost[], bottleneck: string | undefined): GeneratorCost {
  return {
    cpuPercent: sum(parts, ({ cpuPercent }) => cpuPercent),
    threads: parts.flatMap(({ threads }) => threads),
    peakRss: sum(parts, ({ peakRss }) => peakRss),
    ...(bottleneck === undefined ? {} : { bottleneck }),
  }
}
