// What passes between the server's main thread and its loop thread.

import type { Service } from './models/service.js'

/** What a loop's thread is given at its start. */
export interface ServerThreadData extends Service {
  /** Which of the workers this loop is, counted from 1. */
  readonly worker: number
  readonly workers: number
  /** The memory of the `WorkerCounters` of all workers: of this process, or a descriptor of what processes share. */
  readonly counters: SharedArrayBuffer | number
  /** Listening sockets that the process has inherited, one for each port; else the loop opens its own. */
  readonly listeners?: readonly number[]
  /** Whether other loops listen on the same ports (`SO_REUSEPORT`, socket(7)). */
  readonly reusePort: boolean
  /** Whether it is reported each time that as many connections are open as may be, not only the first of a series. */
  readonly tellsEachFull: boolean
  /** Whether the work for a message blocks the loop, instead of taking its time. */
  readonly workBlocks: boolean
}

/** From the main thread to the loop's. */
export type ServerCommand =
  | { readonly kind: 'stats'; readonly request: number }
  /** Stop accepting, and close each connection when its bytes are out, at the latest after `grace` milliseconds. */
  | { readonly kind: 'stop'; readonly request: number; readonly grace: number }

/** From the loop's thread to the main thread. */
export type ServerEvent =
  /** Once, when all ports are listened on, in the order in which they were asked for. */
  | { readonly kind: 'listening'; readonly ports: readonly number[] }
  /** Instead of `listening`, when one could not be; all others are closed. */
  | { readonly kind: 'listen-failed'; readonly port: number; readonly code: string }
  /** Instead of `listening`, when the protocol cannot run here. */
  | { readonly kind: 'protocol-failed'; readonly message: string }
  | { readonly kind: 'stats'; readonly request: number; readonly answer: ServerStats }
  | { readonly kind: 'stopped'; readonly request: number; readonly answer: StopReport }
  /** A client has asked for the server to stop, and may. */
  | { readonly kind: 'stop-asked'; readonly remoteAddress: string }
  | { readonly kind: 'report'; readonly report: ServerReport }

/** What the server tells about while it runs. */
export type ServerReport =
  /** Accepting failed for want of descriptors or memory; once for each shortage. */
  | { readonly kind: 'shortage'; readonly code: string; readonly message: string }
  /** As many connections are open as may be; further ones wait. Once for each time that it lasts. */
  | { readonly kind: 'full'; readonly connections: number }
  /** A line that the protocol has for the log. */
  | { readonly kind: 'log'; readonly level: 'info' | 'warn'; readonly text: string }
  | { readonly kind: 'opened'; readonly connection: number; readonly remoteAddress: string; readonly port: number }
  | {
      readonly kind: 'closed'
      readonly connection: number
      /** What ended it, when it was not a normal end. */
      readonly cause: string | undefined
      readonly bytesIn: number
      readonly bytesOut: number
      readonly lostBytes: number
    }

/** Counters of a server, since its start unless said otherwise. */
export interface ServerStats {
  /** Connections that are open now. */
  readonly open: number
  readonly accepted: number
  /** Connections that ended by an error, such as a reset by the client. */
  readonly reset: number
  /** How often as many connections were open as may be, so that others had to wait. */
  readonly full: number
  /** Connections closed by the idle timeout. */
  readonly timedOut: number
  /** Connections closed because a message took too long to come. */
  readonly slowMessages: number
  /** Messages answered; 0 where the protocol has none. */
  readonly requests: number
  /** Messages that were malformed or not authorised. */
  readonly refused: number
  /** Messages over the limit. */
  readonly tooLong: number
  /** Bytes received. */
  readonly bytesIn: number
  /** Bytes sent. */
  readonly bytesOut: number
  /** Bytes that wait now for a client to read. */
  readonly heldBytes: number
  /** Bytes that were received and could not be delivered any more, because the connection ended. */
  readonly lostBytes: number
  /** Memory leased now for held bytes, in whole blocks. */
  readonly leasedBytes: number
  /** Turns of the event loop. */
  readonly turns: number
}

/** How a graceful stop went. */
export interface StopReport {
  /** Connections that were open when the stop began. */
  readonly open: number
  /** Those of them that had to be closed because the grace was over. */
  readonly cutOff: number
  /** Bytes that were held for those and are lost. */
  readonly lostBytes: number
}
