// The contract between protocols and models. A protocol says what a connection says and never sees a socket; a model
// says how connections get the CPU and never sees a message.
//
//   main thread                      each worker (loop, thread or process)             each connection
//   ProtocolSettings  ── cloned ──►  openProtocol(settings, context) → Protocol  ──►  createSession() → ProtocolSession

import type { Counters } from './counters.js'

/** What came to its end by a timeout: a message that was begun and not completed, or a connection without any. */
export type Lateness = 'message' | 'idle'

/** Bounds for what one client may ask of a server. Sizes in bytes, times in milliseconds; Infinity for none. */
export interface Limits {
  /** The longest message, its terminator not counted. */
  readonly maxMessage: number
  /** From a message's first byte to its last. */
  readonly messageTimeout: number
  /** Without a byte in either direction. */
  readonly idleTimeout: number
  /** The same for people. */
  readonly texts: Readonly<Record<'maxMessage' | 'messageTimeout' | 'idleTimeout', string>>
}

/** Lines for the server's log, which the main thread writes. */
interface ProtocolLog {
  info(text: string): void
  warn(text: string): void
}

/** What a protocol gets from the worker in which it runs. */
export interface WorkerContext {
  /** Counted from 1. */
  readonly worker: number
  /** Of the process in which the connections are served. */
  readonly pid: number
  readonly log: ProtocolLog
  readonly limits: Limits
  /** This worker's counters, and the sums over all workers. */
  readonly counters: Counters
}

/** What a protocol gets from a connection. */
export interface ConnectionInfo {
  /** `host:port`, for log lines. */
  readonly remoteAddress: string
}

/** A protocol, opened in one worker, with what all its connections there share (a log file, a store). */
export interface Protocol {
  createSession(connection: ConnectionInfo): ProtocolSession
  /** Gives back what it shares. No session is used afterwards. */
  close(): void
}

/**
 * What a session may do with its connection. Everything may be called inside `open`, `receive`, `resume`, `end`,
 * `timeOut` and what was given to `work`, at no other time.
 */
export interface Output {
  /**
   * False while the session is to take no further input: it works, it has closed, or as many bytes are held for the
   * client as the threshold allows. A session asks before each message, and between the parts of a long answer.
   */
  readonly ready: boolean
  /** Sends a copy of the bytes, all of them: what the socket refuses the model holds, however much it is. */
  write(bytes: Uint8Array): void
  /**
   * Sends FIN after what was written. The model goes on reading for a while and drops what it reads: closing a socket
   * with unread bytes in it sends RST, and could cost the client the answer. The session is not called again.
   */
  close(): void
  /** Logs the reason, drops what was written and is not sent, and resets. The session is not called again. */
  abort(reason: string): void
  /** Stops the whole server, gracefully, as SIGTERM does. */
  stopServer(): void
  /**
   * The place of the work that a request costs (`--delay`). Calls `then` after the delay: by a timer, or blocking,
   * before it returns, as the model does; without a delay before it returns. `ready` is false until then. Call it last
   * for a message: what the session has to say to it, it says in `then`.
   */
  work(then: () => void): void
  /**
   * Puts off what the session has to say until all that has come to the worker in this turn has been taken in: what the
   * sessions then do, one after the other, they can do together. Calls `then`, also when the connection has gone
   * meanwhile. Until then the session may be given more input, and is not resumed or ended. Not to be called again
   * before.
   */
  atTurnEnd(then: () => void): void
}

/** The state of one connection's conversation. Synchronous, single-threaded, and free of sockets. */
export interface ProtocolSession {
  /** Bytes that it keeps of a message that is not complete. */
  readonly heldBytes: number
  /** Whether a message has begun and is not complete; such a connection is late after `messageTimeout`. */
  readonly inMessage: boolean
  /** Messages that were complete, of any kind. Tells one message from the next for `messageTimeout`. */
  readonly messages: number
  /** The connection stands: greets. */
  open?(output: Output): void
  /**
   * Takes input, and returns how much of it it has taken: all, unless `output.ready` has become false, or enough has
   * been put off to the end of the turn. The model keeps what is left, and offers it again, together with what came
   * after it, when that is over. `bytes` are lent for the call, and not written to. Not called while the output is not
   * ready.
   */
  receive(bytes: Uint8Array, output: Output): number
  /**
   * The output, which was not ready, is ready again: goes on with an answer that was interrupted. Called before what
   * was left is offered again, and also when nothing was left.
   */
  resume?(output: Output): void
  /**
   * The client has sent FIN, and everything before it has been taken. The session says what is left to say, and
   * closes, at once or when it has been resumed often enough.
   */
  end(output: Output): void
  /**
   * The client is late: the session says so, and closes. Not called during work. A client for which bytes are held is
   * late because it does not read: the model does not ask the session, it resets, and counts the loss.
   */
  timeOut(lateness: Lateness, output: Output): void
  /** The connection is gone, whatever ended it. Called exactly once, last. */
  dispose?(): void
}
