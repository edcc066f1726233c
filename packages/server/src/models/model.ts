import type { RunningServer } from '../server.js'
import type { ServerReport } from '../server-messages.js'
import type { Service } from './service.js'

/** How connections get the CPU: which model, and what it needs to know. */
export type ModelSettings = EpollSettings | SingleSettings | PreforkSettings | ThreadedSettings | RingSettings

export type ModelName = ModelSettings['name']

export interface EpollSettings {
  readonly name: 'epoll'
  /** Event loops, each in a thread of its own; more than one share each port by `SO_REUSEPORT` (socket(7)). */
  readonly loops: number
}

export interface SingleSettings {
  readonly name: 'single'
}

export interface PreforkSettings {
  readonly name: 'prefork'
  /** Processes at the start, below which the pool never shrinks. */
  readonly workers: number
  /** Processes that should be idle, ready for the next clients. */
  readonly minSpare: number
  /** Processes at the most. */
  readonly maxWorkers: number
  /** Connections that one process serves at once: one, with calls that block; or several, on an event loop. */
  readonly connectionsPerWorker: number
}

export interface ThreadedSettings {
  readonly name: 'threaded'
  readonly workers: number
  /** Accepted connections that may wait for a worker; further ones wait in the kernel's backlog. */
  readonly queue: number
}

export interface RingSettings {
  readonly name: 'ring'
  readonly slots: number
  /** Bytes that one slot holds. */
  readonly slotSize: number
}

/** One worker of a model (a loop, a thread, a process), as its counters have it. */
export interface WorkerReport {
  /** Counted from 1. One that takes the place of another has its number, and counts on. */
  readonly worker: number
  readonly pid: number
  /** Connections that it serves now. */
  readonly open: number
  readonly accepted: number
  /** Messages answered. */
  readonly requests: number
}

/**
 * Starts a model, which never sees a message: it runs the service's protocol. Resolves when all ports are listened on
 * and the workers are ready; rejects with a StartError, and everything is closed again then.
 */
export type StartModel<Settings extends ModelSettings> = (
  settings: Settings,
  service: Service,
  onReport: (report: ServerReport) => void
) => Promise<RunningServer>
