import type { FailureCounts, FailureKind } from '../report.js'
import type { Connection } from './connection.js'
import type { ThreadInterval } from './protocol.js'
import type { Tally } from './tally.js'
import { threadCpu } from './thread-cpu.js'
import type { Stretch } from './timeline.js'

/** Everything that is counted from the start of a run on. */
interface Totals {
  readonly sent: number
  readonly verified: number
  readonly messages: number
  readonly established: number
  readonly ended: number
  readonly failures: FailureCounts
  readonly cpu: number
}

/** Tells what was done in each interval: the difference of what was done until its end and until the one before. */
export class IntervalCounts {
  readonly #tally: Tally
  readonly #live: ReadonlySet<Connection>
  #last: Totals

  constructor(tally: Tally, live: ReadonlySet<Connection>) {
    this.#tally = tally
    this.#live = live
    this.#last = this.#totals()
  }

  /** The run begins: what was used to get ready is not its cost. */
  begin(): void {
    this.#last = this.#totals()
  }

  /** What was done since the last call; `startedAt` is when the run began. */
  take({ phase, slot, start, end }: Stretch, startedAt: number): ThreadInterval {
    const [last, now] = [this.#last, this.#totals()]
    this.#last = now
    return {
      kind: 'interval',
      slot,
      cpu: now.cpu - last.cpu,
      counts: {
        start: start - startedAt,
        end: end - startedAt,
        phase,
        sent: now.sent - last.sent,
        verified: now.verified - last.verified,
        messages: now.messages - last.messages,
        established: now.established - last.established,
        ended: now.ended - last.ended,
        open: now.established - now.ended,
        failures: difference(now.failures, last.failures),
      },
    }
  }

  #totals(): Totals {
    let { sent, verified } = this.#tally.traffic
    for (const connection of this.#live) {
      sent += connection.sent
      verified += connection.verified
    }
    const { established, open } = this.#tally.counts
    return {
      sent,
      verified,
      messages: this.#tally.messagesEchoed,
      established,
      ended: established - open,
      failures: { ...this.#tally.failureCounts },
      cpu: threadCpu(),
    }
  }
}

function difference(now: FailureCounts, before: FailureCounts): FailureCounts {
  const kinds = Object.keys(now) as FailureKind[]
  const counts = kinds.map(kind => [kind, (now[kind] ?? 0) - (before[kind] ?? 0)] as const)
  return Object.fromEntries(counts.filter(([, count]) => count > 0))
}
