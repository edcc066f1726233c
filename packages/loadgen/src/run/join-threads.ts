import { addKv } from '../merge/add-parts.js'
import type {
  ConnectionCounts,
  ConnectionProgress,
  Lag,
  LoadFailure,
  MessageReport,
  Phase,
  Progress,
  Stalls,
  Verdict,
} from '../report.js'
import type { ThreadReport } from '../thread/protocol.js'
import { sumOfFailures } from './interval-account.js'

/** Failures that are kept one by one. */
const keptFailures = 100

/** Progress is told for each connection where there are no more than this. */
const fewConnections = 16

/** The report of all threads together. Their counts of the same thing add up; a peak was counted in common. */
export function joinReports(reports: readonly ThreadReport[]): ThreadReport {
  const [first] = reports as [ThreadReport]
  if (reports.length === 1) return first
  const lags = reports.flatMap(({ lag }) => lag ?? [])
  const crowds = reports.flatMap(({ crowd }) => crowd ?? [])
  const kv = addKv(reports.flatMap(({ kv }) => kv ?? []))
  return {
    verdict: worst(reports.map(({ verdict }) => verdict)),
    engine: first.engine,
    elapsed: highest(reports, ({ elapsed }) => elapsed),
    connections: joinConnections(reports.map(({ connections }) => connections)),
    targets: first.targets.map(({ target }, index) => {
      const shares = reports.flatMap(({ targets }) => targets[index] ?? [])
      return {
        target,
        connections: joinConnections(shares.map(({ connections }) => connections)),
        messages: total(shares, ({ messages }) => messages),
        failureCounts: sumOfFailures(shares.map(({ failureCounts }) => failureCounts)),
        ...traffic(shares),
      }
    }),
    ...traffic(reports),
    stalls: joinStalls(reports.map(({ stalls }) => stalls)),
    messages: joinMessages(reports.flatMap(({ messages }) => messages ?? [])),
    failures: joinFailures(reports.map(({ failures }) => failures)),
    failureCounts: sumOfFailures(reports.map(({ failureCounts }) => failureCounts)),
    ...(lags.length === 0 ? {} : { lag: joinLags(lags) }),
    ...(kv === undefined ? {} : { kv }),
    ...(crowds.length === 0
      ? {}
      : {
          crowd: {
            atOnce: total(crowds, ({ atOnce }) => atOnce),
            at: highest(crowds, ({ at }) => at),
            received: total(crowds, ({ received }) => received),
            answeredAfter: highest(crowds, ({ answeredAfter }) => answeredAfter),
          },
        }),
  }
}

/** Where all threads together stand. */
export function joinProgress(parts: readonly Progress[]): Progress {
  if (parts.length === 1) return parts[0] as Progress
  const each = parts.flatMap(part => part.each ?? [])
  const known = parts.every(part => part.each !== undefined) && each.length <= fewConnections
  return {
    elapsed: highest(parts, ({ elapsed }) => elapsed),
    phase: earliest(parts.map(({ phase }) => phase)),
    measured: highest(parts, ({ measured }) => measured),
    connections: joinConnections(parts.map(({ connections }) => connections)),
    failureCounts: sumOfFailures(parts.map(({ failureCounts }) => failureCounts)),
    ...traffic(parts),
    sinceProgress: highest(parts, ({ sinceProgress }) => sinceProgress),
    messages: total(parts, ({ messages = 0 }) => messages),
    ...(known ? { each: each.sort(byNumber) } : {}),
  }
}

const byNumber = (one: ConnectionProgress, other: ConnectionProgress) => one.connection - other.connection

const verdicts: readonly Verdict[] = ['wrong bytes', 'connection failed', 'stopped', 'ok']

function worst(found: readonly Verdict[]): Verdict {
  return verdicts.find(verdict => found.includes(verdict)) as Verdict
}

const phases: readonly Phase[] = ['ramp', 'warmup', 'measured', 'drain']

function earliest(found: readonly Phase[]): Phase {
  return phases.find(phase => found.includes(phase)) as Phase
}

function total<Part>(parts: readonly Part[], figure: (part: Part) => number): number {
  return parts.reduce((sum, part) => sum + figure(part), 0)
}

function highest<Part>(parts: readonly Part[], figure: (part: Part) => number): number {
  return parts.reduce((most, part) => Math.max(most, figure(part)), 0)
}

function traffic(parts: readonly { readonly sent: number; readonly received: number; readonly verified: number }[]) {
  return {
    sent: total(parts, ({ sent }) => sent),
    received: total(parts, ({ received }) => received),
    verified: total(parts, ({ verified }) => verified),
  }
}

function joinConnections(parts: readonly ConnectionCounts[]): ConnectionCounts {
  return {
    planned: total(parts, ({ planned }) => planned),
    established: total(parts, ({ established }) => established),
    completed: total(parts, ({ completed }) => completed),
    failed: total(parts, ({ failed }) => failed),
    open: total(parts, ({ open }) => open),
    peakOpen: highest(parts, ({ peakOpen }) => peakOpen),
  }
}

function joinStalls(parts: readonly Stalls[]): Stalls {
  return {
    count: total(parts, ({ count }) => count),
    longest: highest(parts, ({ longest }) => longest),
    total: total(parts, part => part.total),
  }
}

function joinMessages(parts: readonly MessageReport[]): MessageReport {
  const echoed = total(parts, part => part.echoed)
  const time = total(parts, part => part.meanEcho * part.echoed)
  return {
    planned: total(parts, ({ planned }) => planned),
    echoed,
    meanEcho: echoed === 0 ? 0 : time / echoed,
    longestEcho: highest(parts, ({ longestEcho }) => longestEcho),
  }
}

function joinFailures(parts: readonly (readonly LoadFailure[])[]): LoadFailure[] {
  return parts
    .flat()
    .sort((one, other) => one.at - other.at)
    .slice(0, keptFailures)
}

function joinLags(parts: readonly Lag[]): Lag {
  return {
    scheduled: total(parts, ({ scheduled }) => scheduled),
    late: total(parts, ({ late }) => late),
    lateness: (parts[0] as Lag).lateness,
    longest: highest(parts, ({ longest }) => longest),
    total: total(parts, part => part.total),
    unsent: total(parts, ({ unsent }) => unsent),
  }
}
