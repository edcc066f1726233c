import type { Service } from '../service.js'

// The descriptors that a worker process inherits, besides the standard three.

/** A socket to the parent: orders come, events go. At its end nobody is there any more. */
export const bossDescriptor = 3
/** The counters of all workers (memfd_create(2)). */
export const countersDescriptor = 4
/** The first listening socket; the others follow. */
const firstListener = 5

/** The listening sockets, in the order of the ports. */
export function listenersOf({ ports }: Service): number[] {
  return ports.map((_port, index) => firstListener + index)
}

/** The first message on the socket: what a worker process has to know. */
export interface WorkerSetup {
  /** Counted from 1. */
  readonly worker: number
  /** The most that there can be. */
  readonly maxWorkers: number
  /** The parent wants to know when fewer have room for another connection. */
  readonly minSpare: number
  /** Connections that it serves at once. */
  readonly connections: number
  readonly service: Service
}
