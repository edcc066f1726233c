import type { Arena, Socket, SocketHandler } from 'reactor'

/** What a protocol may use for its connections. */
export interface ConnectionResources {
  /** Where bytes that have to be kept are kept. */
  readonly arena: Arena
  /** Bytes that may be held for one pipe before its source has to wait. */
  readonly pipeThreshold: number
}

/** One connection as its protocol sees it: what to do with its events, and how many bytes it has seen. */
export interface ConnectionHandler extends SocketHandler {
  /** Bytes received. */
  readonly bytesIn: number
  /** Bytes sent. */
  readonly bytesOut: number
  /** Bytes that wait for the other end to read. */
  readonly heldBytes: number
}

/** A protocol: makes the handler of each connection that is accepted. */
export type ConnectionHandlerFactory = (socket: Socket, resources: ConnectionResources) => ConnectionHandler
