import { type Counter, type Counters, CounterTable } from '../protocols/counters.js'
import { countersOf } from '../protocols/open-protocol.js'
import type { ProtocolName } from '../protocols/settings.js'
import type { ServerStats } from '../server-messages.js'
import type { WorkerReport } from './model.js'

/** What a model counts in each worker, besides what the protocols count. */
const modelCounters = [
  /** Process ID. */
  'pid',
  /** Connections that ended by an error. */
  'reset',
  /** Bytes that wait now for a client to read. */
  'heldBytes',
  /** Bytes that could not be delivered any more. */
  'lostBytes',
] as const

/** What models count, of what is counted whatever the protocol. */
const countedByModels = ['accepted', 'ended', 'bytesIn', 'bytesOut', 'slowMessages', 'idle'] as const

/** A worker's counters that its model keeps. */
export type ModelCounters = Readonly<Record<(typeof countedByModels)[number] | (typeof modelCounters)[number], Counter>>

/** The counters that a model keeps in a worker's row; it has the process's number in it already. */
export function modelCountersOf(row: Counters): ModelCounters {
  const names = [...countedByModels, ...modelCounters]
  const counters = Object.fromEntries(names.map(name => [name, row.counter(name)])) as ModelCounters
  counters.pid.add(process.pid - counters.pid.value)
  return counters
}

/** The counters of all workers of a server, in memory that they share. */
export class WorkerCounters {
  readonly table: CounterTable

  /** `memory` has at least `WorkerCounters.bytes(protocol, workers)` bytes, zeroed. */
  constructor(protocol: ProtocolName, workers: number, memory: ArrayBufferLike) {
    this.table = new CounterTable(namesFor(protocol), workers, new Float64Array(memory))
  }

  /** How much memory the counters need. */
  static bytes(protocol: ProtocolName, workers: number): number {
    return CounterTable.bytes(namesFor(protocol), workers)
  }

  /** The sums over all workers. */
  stats(): ServerStats {
    const { table } = this
    return {
      open: table.total('accepted') - table.total('ended'),
      accepted: table.total('accepted'),
      reset: table.total('reset'),
      full: 0,
      timedOut: table.total('idle'),
      slowMessages: table.total('slowMessages'),
      requests: table.total('requests'),
      refused: table.total('refused'),
      tooLong: table.total('tooLong'),
      bytesIn: table.total('bytesIn'),
      bytesOut: table.total('bytesOut'),
      heldBytes: table.total('heldBytes'),
      lostBytes: table.total('lostBytes'),
      leasedBytes: 0,
      turns: 0,
    }
  }

  /** One worker's part of it. */
  report(worker: number): WorkerReport {
    const read = (name: string) => this.table.read(worker, name)
    const accepted = read('accepted')
    return { worker, pid: read('pid'), open: accepted - read('ended'), accepted, requests: read('requests') }
  }

  /** Whether fewer than `minSpare` workers have room for one of `connections`, though there could be more workers. */
  isShort(minSpare: number, connections: number): boolean {
    let missing = 0
    let spare = 0
    for (let worker = 1; worker <= this.table.workers; worker++) {
      const { pid, open } = this.report(worker)
      if (pid === 0) missing++
      else if (open < connections) spare++
    }
    return missing > 0 && spare < minSpare
  }

  /**
   * Makes good what a worker could not that has ended: the connections that it had are gone with it. Returns how many
   * those are.
   */
  settle(worker: number): number {
    const row = this.table.row(worker)
    const lost = this.report(worker).open
    row.counter('ended').add(lost)
    row.counter('reset').add(lost)
    for (const gauge of ['heldBytes', 'pid']) row.counter(gauge).add(-row.counter(gauge).value)
    return lost
  }
}

function namesFor(protocol: ProtocolName): readonly string[] {
  return [...countersOf(protocol), ...modelCounters]
}
