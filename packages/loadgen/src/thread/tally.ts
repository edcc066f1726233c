import { numberOf, portion, type Share } from '../pacing/share.js'
import type { Target } from '../plan.js'
import {
  type ConnectionCounts,
  type FailureCounts,
  type FailureKind,
  type LoadFailure,
  type MessageReport,
  type Stalls,
  stallThreshold,
  type TargetReport,
  type Traffic,
} from '../report.js'
import type { Connection } from './connection.js'

/** Failures that are kept one by one; all are counted. */
const keptFailures = 100

export type Outcome = 'completed' | 'failed' | 'abandoned'

/** Counts of some connections, and the bytes of those of them that have ended. */
class Account {
  readonly planned: number
  readonly failureCounts: FailureCounts = {}
  established = 0
  sent = 0
  received = 0
  verified = 0
  messages = 0
  /** Where the connections of all threads are counted that are open, so that their peak is the peak of all together. */
  readonly #openOfAll: Int32Array<SharedArrayBuffer>
  readonly #place: number
  #completed = 0
  #failed = 0
  #open = 0
  #peakOpen = 0

  constructor(planned: number, openOfAll: Int32Array<SharedArrayBuffer>, place: number) {
    this.planned = planned
    this.#openOfAll = openOfAll
    this.#place = place
  }

  establish(): void {
    this.established++
    this.#open++
    this.#peakOpen = Math.max(this.#peakOpen, Atomics.add(this.#openOfAll, this.#place, 1) + 1)
  }

  fail(kind: FailureKind): void {
    this.failureCounts[kind] = (this.failureCounts[kind] ?? 0) + 1
  }

  end(connection: Connection, outcome: Outcome): void {
    if (connection.established) {
      this.#open--
      Atomics.sub(this.#openOfAll, this.#place, 1)
    }
    this.messages += connection.messages
    if (outcome === 'completed') this.#completed++
    else if (outcome === 'failed') this.#failed++
    this.sent += connection.sent
    this.received += connection.received
    this.verified += connection.verified
  }

  get failed(): number {
    return this.#failed
  }

  get counts(): ConnectionCounts {
    return {
      planned: this.planned,
      established: this.established,
      completed: this.#completed,
      failed: this.#failed,
      open: this.#open,
      peakOpen: this.#peakOpen,
    }
  }

  get traffic(): Traffic {
    return { sent: this.sent, received: this.received, verified: this.verified }
  }
}

/** Adds up what happens to the connections of a run. */
export class Tally {
  readonly failures: LoadFailure[] = []
  messagesEchoed = 0
  readonly #targets: readonly Target[]
  readonly #total: Account
  readonly #accounts: readonly Account[]
  readonly #stalls = { count: 0, longest: 0, total: 0 }
  #totalEcho = 0
  #longestEcho = 0

  /** `planned` are the connections of all shares together; `openOfAll` has a place for each target and one for all. */
  constructor(targets: readonly Target[], planned: number, share: Share, openOfAll: Int32Array<SharedArrayBuffer>) {
    this.#targets = targets
    const own = portion(planned, share)
    const byTarget = targets.map(() => 0)
    for (let ordinal = 0; ordinal < own; ordinal++) {
      const target = numberOf(ordinal, share) % targets.length
      byTarget[target] = (byTarget[target] as number) + 1
    }
    this.#total = new Account(own, openOfAll, targets.length)
    this.#accounts = byTarget.map((count, target) => new Account(count, openOfAll, target))
  }

  get failureCounts(): FailureCounts {
    return this.#total.failureCounts
  }

  /** The index of the target that a connection goes to: they are dealt out in turn. */
  targetIndexOf(connection: Connection): number {
    return connection.number % this.#targets.length
  }

  #accountOf(connection: Connection): Account {
    return this.#accounts[this.targetIndexOf(connection)] as Account
  }

  /** True when each target that connections go to has refused some, and none was ever established. */
  get hopeless(): boolean {
    const { established, planned } = this.#total
    const unused = (account: Account) => planned > 0 && account.planned === 0
    return established === 0 && this.#accounts.every(account => account.failed > 0 || unused(account))
  }

  establish(connection: Connection): void {
    this.#total.establish()
    this.#accountOf(connection).establish()
  }

  end(connection: Connection, outcome: Outcome): void {
    this.#total.end(connection, outcome)
    this.#accountOf(connection).end(connection, outcome)
  }

  fail(connection: Connection, failure: LoadFailure): void {
    this.#total.fail(failure.kind)
    this.#accountOf(connection).fail(failure.kind)
    if (this.failures.length < keptFailures) this.failures.push(failure)
  }

  /** A connection waited for the server for so many milliseconds before it made progress. */
  wait(duration: number): void {
    const stalls = this.#stalls
    stalls.longest = Math.max(stalls.longest, duration)
    if (duration < stallThreshold) return
    stalls.count++
    stalls.total += duration
  }

  /** A message came back whole after so many milliseconds. */
  echo(duration: number): void {
    this.messagesEchoed++
    this.#totalEcho += duration
    this.#longestEcho = Math.max(this.#longestEcho, duration)
  }

  get counts(): ConnectionCounts {
    return this.#total.counts
  }

  /** Bytes of the connections that have ended. */
  get traffic(): Traffic {
    return this.#total.traffic
  }

  get stalls(): Stalls {
    return { ...this.#stalls }
  }

  targetReports(): TargetReport[] {
    return this.#accounts.map((account, index) => ({
      target: this.#targets[index] as Target,
      connections: account.counts,
      messages: account.messages,
      failureCounts: account.failureCounts,
      ...account.traffic,
    }))
  }

  messageReport(): MessageReport {
    const echoed = this.messagesEchoed
    return { planned: 0, echoed, meanEcho: echoed === 0 ? 0 : this.#totalEcho / echoed, longestEcho: this.#longestEcho }
  }
}
