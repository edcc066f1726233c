import type { Block, Loop, Socket, SocketHandler, SystemError, UnseenBytes } from 'reactor'
import type {
  ConnectionHandler,
  ConnectionHandlerFactory,
  ConnectionObserver,
  ConnectionResources,
} from './connection-handler.js'
import { type ModelCounters, modelCountersOf } from './models/worker-counters.js'
import type { Counters } from './protocols/counters.js'
import { Deadline } from './protocols/deadline.js'
import type { Lateness, Limits } from './protocols/protocol.js'
import type { ServerReport, ServerStats } from './server-messages.js'

/** An open connection: passes the socket's events on to its handler, and notes when the last one was. */
export class Connection implements SocketHandler, ConnectionObserver {
  readonly number: number
  readonly handler: ConnectionHandler
  /** When something happened last, on the loop's clock, in milliseconds. */
  lastActivity: number
  /** When the client will be late; undefined where it may take all the time in the world. */
  readonly deadline: Deadline | undefined
  readonly #socket: Socket
  readonly #owner: Connections
  #lateness: Lateness | undefined
  /** Bytes that are in the worker's counters already. */
  #countedIn = 0
  #countedOut = 0
  #countedHeld = 0

  constructor(number: number, socket: Socket, handler: ConnectionHandler, owner: Connections, limits: Limits) {
    this.number = number
    this.handler = handler
    handler.observer = this
    this.lastActivity = owner.loop.now
    this.#socket = socket
    this.#owner = owner
    if (hasTimeouts(limits)) this.deadline = new Deadline(handler, limits, owner.loop.now)
  }

  /** How the client was late, when that is what ended the connection. */
  get lateness(): Lateness | undefined {
    return this.#lateness
  }

  onRead(socket: Socket, block: Block, start: number, length: number): void {
    this.handler.onRead(socket, block, start, length)
    this.onProgress()
  }

  get takesUnseen(): boolean {
    return this.handler.takesUnseen === true
  }

  onUnseen(socket: Socket, bytes: UnseenBytes): void {
    this.handler.onUnseen?.(socket, bytes)
    this.onProgress()
  }

  onWritable(socket: Socket): void {
    this.handler.onWritable(socket)
    this.onProgress()
  }

  onEnd(socket: Socket): void {
    this.handler.onEnd(socket)
    this.onProgress()
  }

  onClose(socket: Socket, error: SystemError | undefined): void {
    const lostBytes = this.handler.heldBytes
    this.handler.onClose(socket, error)
    this.count(0)
    this.#owner.remove(this, error, lostBytes)
  }

  /** Ends the connection. Who then misses something is told so by RST instead of FIN. */
  end(): void {
    if (this.handler.heldBytes > 0 || this.handler.busy) this.#socket.abort()
    else this.#socket.close()
  }

  /** Ends the connection because the client is late. */
  timeOut(lateness: Lateness): void {
    this.#lateness ??= lateness
    this.handler.timeOut(lateness)
  }

  /** Adds what has passed since the last time to the worker's counters. */
  count(heldBytes = this.handler.heldBytes): void {
    const { bytesIn, bytesOut } = this.handler
    this.#owner.counters.heldBytes.add(heldBytes - this.#countedHeld)
    this.#countedHeld = heldBytes
    this.#owner.counters.bytesIn.add(bytesIn - this.#countedIn)
    this.#owner.counters.bytesOut.add(bytesOut - this.#countedOut)
    this.#countedIn = bytesIn
    this.#countedOut = bytesOut
  }

  onProgress(): void {
    this.lastActivity = this.#owner.loop.now
    if (this.#owner.countsAtOnce) this.count()
    if (this.deadline?.touch(this.lastActivity)) this.#owner.noteDeadline(this.deadline)
  }
}

function hasTimeouts({ idleTimeout, messageTimeout }: Limits): boolean {
  return idleTimeout < Number.POSITIVE_INFINITY || messageTimeout < Number.POSITIVE_INFINITY
}

export interface ConnectionsOptions {
  readonly handlers: ConnectionHandlerFactory
  /** Bytes. */
  readonly pipeThreshold: number
  readonly limits: Limits
  /** Which of the workers this is, counted from 1. */
  readonly worker: number
  readonly workers: number
  /** This worker's. */
  readonly counters: Counters
  /** Whether bytes are counted as they pass, for a protocol that tells of them; else when somebody asks. */
  readonly countsAtOnce: boolean
  /** Called after a connection has come or gone. */
  onChange(): void
  /** Called when a connection may be late sooner than was known. */
  onDeadline(deadline: Deadline): void
  /** Is told of each connection's beginning and end. */
  readonly onReport?: ((report: ServerReport) => void) | undefined
}

/** All open connections of a loop, and what has been counted of those that are gone. */
export class Connections implements Iterable<Connection> {
  readonly loop: Loop
  readonly #options: ConnectionsOptions
  readonly #resources: ConnectionResources
  readonly #open = new Set<Connection>()
  readonly countsAtOnce: boolean
  readonly counters: ModelCounters

  constructor(loop: Loop, options: ConnectionsOptions) {
    this.loop = loop
    this.#options = options
    this.countsAtOnce = options.countsAtOnce
    this.counters = modelCountersOf(options.counters)
    this.#resources = { arena: loop.arena, pipeThreshold: options.pipeThreshold }
  }

  get size(): number {
    return this.#open.size
  }

  [Symbol.iterator](): Iterator<Connection> {
    return this.#open.values()
  }

  /** Takes an accepted socket in, and returns what is to handle its events. */
  add(socket: Socket): SocketHandler {
    const { handlers, limits, worker, workers, onReport, onChange } = this.#options
    this.counters.accepted.add()
    // Those of different workers differ.
    const number = (this.counters.accepted.value - 1) * workers + worker
    const connection = new Connection(number, socket, handlers(socket, this.#resources), this, limits)
    this.#open.add(connection)
    if (connection.deadline !== undefined) this.noteDeadline(connection.deadline)
    onReport?.({ kind: 'opened', connection: number, remoteAddress: socket.remoteAddress, port: socket.localPort })
    onChange()
    return connection
  }

  /** Called by a connection that has come, or whose client has begun a message. */
  noteDeadline(deadline: Deadline): void {
    this.#options.onDeadline(deadline)
  }

  /** Called by a connection that has ended: with what ended it, and what it still held. */
  remove(connection: Connection, error: SystemError | undefined, lostBytes: number): void {
    const { onReport, onChange } = this.#options
    const { bytesIn, bytesOut } = connection.handler
    this.#open.delete(connection)
    this.counters.ended.add()
    this.counters.lostBytes.add(lostBytes)
    if (connection.lateness === 'idle') this.counters.idle.add()
    else if (connection.lateness === 'message') this.counters.slowMessages.add()
    else if (error !== undefined) this.counters.reset.add()
    const cause = connection.lateness === undefined ? error?.message : `${connection.lateness} timeout`
    onReport?.({ kind: 'closed', connection: connection.number, cause, bytesIn, bytesOut, lostBytes })
    onChange()
  }

  /** What has been counted until now, of the open connections and of those that are gone. */
  stats(): Omit<ServerStats, 'full'> {
    const { counters, loop } = this
    const row = this.#options.counters
    for (const connection of this.#open) connection.count()
    return {
      open: this.#open.size,
      accepted: counters.accepted.value,
      reset: counters.reset.value,
      timedOut: counters.idle.value,
      slowMessages: counters.slowMessages.value,
      requests: row.counter('requests').value,
      refused: row.counter('refused').value,
      tooLong: row.counter('tooLong').value,
      bytesIn: counters.bytesIn.value,
      bytesOut: counters.bytesOut.value,
      heldBytes: counters.heldBytes.value,
      lostBytes: counters.lostBytes.value,
      leasedBytes: loop.arena.leasedBytes,
      turns: loop.turns,
    }
  }
}
