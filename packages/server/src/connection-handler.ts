import type { Arena, Socket, SocketHandler } from 'reactor'
import type { Lateness } from './protocols/protocol.js'

/** What a protocol may use for its connections. */
export interface ConnectionResources {
  /** Where bytes that have to be kept are kept. */
  readonly arena: Arena
  /** Bytes that may be held for one pipe before its source has to wait. */
  readonly pipeThreshold: number
}

/** Who counts what a connection does. */
export interface ConnectionObserver {
  /** Something has passed, or is held, otherwise than in one of the socket's events. */
  onProgress(): void
}

/** One connection as its protocol sees it: what to do with its events, and how many bytes it has seen. */
export interface ConnectionHandler extends SocketHandler {
  /** Bytes received. */
  readonly bytesIn: number
  /** Bytes sent. */
  readonly bytesOut: number
  /** Bytes that wait for the other end to read, or for the rest of their message. */
  readonly heldBytes: number
  /** Whether the server owes the client an answer that it is still working on. */
  readonly busy: boolean
  /** Whether a message has begun and is not complete. */
  readonly inMessage: boolean
  /** Messages that were complete; none where a protocol has none. */
  readonly messages: number
  /** Set by who counts, for a handler that does something outside the socket's events. */
  observer?: ConnectionObserver | undefined
  /** Ends the connection of a client that is late. Not called while it is busy. */
  timeOut(lateness: Lateness): void
}

/** Makes the handler of each connection that is accepted. */
export type ConnectionHandlerFactory = (socket: Socket, resources: ConnectionResources) => ConnectionHandler
