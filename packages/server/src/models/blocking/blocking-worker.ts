import type { Descriptors } from 'reactor'
import type { Counters } from '../../protocols/counters.js'
import { openProtocol } from '../../protocols/open-protocol.js'
import type { Limits, Protocol } from '../../protocols/protocol.js'
import type { ServerReport, StopReport } from '../../server-messages.js'
import type { Boss, WorkerEvent } from '../orders.js'
import type { Service } from '../service.js'
import { type ModelCounters, modelCountersOf } from '../worker-counters.js'
import type { ConnectionSource } from './acceptor.js'
import { BlockingConnection, type Ending } from './blocking-connection.js'
import { Duty } from './duty.js'
import { IoBuffers } from './io-buffers.js'

/** Which worker it is, and what it is to serve. */
export interface Assignment {
  /** Counted from 1. */
  readonly worker: number
  /** The most that there can be. */
  readonly workers: number
  readonly service: Service
  /** Its row. */
  readonly counters: Counters
  readonly boss: Boss
  readonly descriptors: Descriptors
}

/** Serves connections one after the other, each through its whole life, with calls that block. */
export class BlockingWorker {
  readonly descriptors: Descriptors
  readonly duty: Duty
  readonly buffers: IoBuffers
  readonly protocol: Protocol
  readonly limits: Limits
  /** Milliseconds. */
  readonly delay: number
  readonly counters: ModelCounters
  readonly #assignment: Assignment
  #open = 0
  #cutOff = 0
  #lostBytes = 0

  private constructor(assignment: Assignment, protocol: Protocol) {
    const { descriptors, boss, service, counters } = assignment
    this.#assignment = assignment
    this.protocol = protocol
    this.descriptors = descriptors
    this.duty = new Duty(boss, descriptors)
    this.buffers = new IoBuffers(descriptors)
    this.limits = service.limits
    this.delay = service.delay
    this.counters = modelCountersOf(counters)
  }

  /** Opens the protocol. Rejects with a StartError when it cannot run here. */
  static async open(assignment: Assignment): Promise<BlockingWorker> {
    const { worker, service, counters, boss } = assignment
    const log = (level: 'info' | 'warn') => (text: string) =>
      boss.tell({ kind: 'report', report: { kind: 'log', level, text } })
    const protocol = await openProtocol(service.protocol, {
      worker,
      pid: process.pid,
      log: { info: log('info'), warn: log('warn') },
      limits: service.limits,
      counters,
    })
    return new BlockingWorker(assignment, protocol)
  }

  /** It is not to serve any longer, whoever is still there. */
  get isCutOff(): boolean {
    return this.duty.over || (this.duty.stopping && performance.now() >= this.duty.deadline)
  }

  /** Blocks, and serves, until the source has no more connections. `onTaken` is called when it has got one. */
  run(source: ConnectionSource, onTaken: () => void = () => {}): void {
    for (let fd = source.next(); fd !== undefined; fd = source.next()) {
      this.counters.accepted.add()
      onTaken()
      this.#serve(fd)
      this.counters.ended.add()
    }
    this.protocol.close()
    const report: StopReport = { open: this.#open, cutOff: this.#cutOff, lostBytes: this.#lostBytes }
    this.tell({ kind: 'stopped', report })
  }

  tell(event: WorkerEvent): void {
    this.#assignment.boss.tell(event)
  }

  report(report: ServerReport): void {
    this.tell({ kind: 'report', report })
  }

  #serve(fd: number): void {
    const stream = new this.descriptors.TcpStream(fd)
    const { worker, workers, service } = this.#assignment
    const { reportConnections } = service
    // Those of different workers differ.
    const connection = (this.counters.accepted.value - 1) * workers + worker
    if (reportConnections) {
      this.report({ kind: 'opened', connection, remoteAddress: stream.remoteAddress, port: stream.localPort })
    }
    const ending = new BlockingConnection(stream, this).serve()
    this.#count(ending)
    if (!reportConnections) return
    const { cause, bytesIn, bytesOut, lostBytes } = ending
    this.report({ kind: 'closed', connection, cause, bytesIn, bytesOut, lostBytes })
  }

  #count(ending: Ending): void {
    if (ending.isError) this.counters.reset.add()
    this.counters.lostBytes.add(ending.lostBytes)
    if (!this.duty.stopping) return
    this.#open++
    if (!ending.cutOff) return
    this.#cutOff++
    this.#lostBytes += ending.lostBytes
  }
}
