import type { ConnectionProgress, Progress, Verdict } from '../report.js'
import type { Connection } from './connection.js'
import type { Driver } from './driver.js'
import type { ThreadReport } from './protocol.js'
import type { Session } from './session.js'
import type { Tally } from './tally.js'

/** Progress is told for each connection where there are no more than this. */
const fewConnections = 16

/** Where a thread's share of the run stands. */
export function progressOf(session: Session): Progress {
  const { tally, live } = session
  let { sent, received, verified } = tally.traffic
  let sinceProgress = 0
  for (const connection of live) {
    sent += connection.sent
    received += connection.received
    verified += connection.verified
    sinceProgress = Math.max(sinceProgress, connection.sinceProgress)
  }
  return {
    elapsed: session.elapsed,
    phase: session.phase,
    measured: session.timeline.measuredTime(session.loop.now),
    failureCounts: { ...tally.failureCounts },
    connections: tally.counts,
    sent,
    received,
    verified,
    sinceProgress,
    messages: tally.messagesEchoed,
    ...(live.size > fewConnections ? {} : { each: [...live].map(one => progressOfConnection(session, one)) }),
  }
}

function progressOfConnection(session: Session, connection: Connection): ConnectionProgress {
  const { number, sent, received, verified, sinceProgress } = connection
  return { connection: number, target: session.targetOf(connection), sent, received, verified, sinceProgress }
}

/** What came of a thread's share of the run, all of whose connections have ended. */
export function reportOf(session: Session, driver: Driver, cutShort: boolean): ThreadReport {
  const { tally } = session
  const [lag, crowd, kv] = [driver.lag?.(), driver.crowd?.(), driver.kv?.()]
  return {
    verdict: verdictOf(tally, cutShort),
    engine: session.loop.engine,
    elapsed: session.elapsed,
    connections: tally.counts,
    targets: tally.targetReports(),
    ...tally.traffic,
    stalls: tally.stalls,
    messages: tally.messageReport(),
    failures: tally.failures,
    failureCounts: tally.failureCounts,
    ...(lag === undefined ? {} : { lag }),
    ...(crowd === undefined ? {} : { crowd }),
    ...(kv === undefined ? {} : { kv }),
  }
}

function verdictOf({ failures, failureCounts }: Tally, cutShort: boolean): Verdict {
  if (failureCounts['wrong bytes'] !== undefined) return 'wrong bytes'
  if (failures.length > 0) return 'connection failed'
  return cutShort ? 'stopped' : 'ok'
}
