import type { Block, Loop, Socket, SocketHandler, SystemError } from 'reactor'
import type { ConnectionHandler, ConnectionHandlerFactory, ConnectionResources } from './connection-handler.js'
import type { CounterTable } from './protocols/counters.js'
import { Deadline } from './protocols/deadline.js'
import type { Lateness, Limits } from './protocols/protocol.js'
import type { ServerReport, ServerStats } from './server-messages.js'

/** An open connection: passes the socket's events on to its handler, and notes when the last one was. */
export class Connection implements SocketHandler {
  readonly number: number
  readonly handler: ConnectionHandler
  /** When something happened last, on the loop's clock, in milliseconds. */
  lastActivity: number
  /** When the client will be late; undefined where it may take all the time in the world. */
  readonly deadline: Deadline | undefined
  readonly #socket: Socket
  readonly #owner: Connections
  #lateness: Lateness | undefined

  constructor(number: number, socket: Socket, handler: ConnectionHandler, owner: Connections, limits: Limits) {
    this.number = number
    this.handler = handler
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
    this.#note()
  }

  onWritable(socket: Socket): void {
    this.handler.onWritable(socket)
    this.#note()
  }

  onEnd(socket: Socket): void {
    this.handler.onEnd(socket)
    this.#note()
  }

  onClose(socket: Socket, error: SystemError | undefined): void {
    const lostBytes = this.handler.heldBytes
    this.handler.onClose(socket, error)
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

  #note(): void {
    this.lastActivity = this.#owner.loop.now
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
  /** What the protocol counts, and whose row this loop's is. */
  readonly counters: CounterTable
  readonly worker: number
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
  #accepted = 0
  #reset = 0
  #timedOut = 0
  #slowMessages = 0
  #bytesIn = 0
  #bytesOut = 0
  #lostBytes = 0

  constructor(loop: Loop, options: ConnectionsOptions) {
    this.loop = loop
    this.#options = options
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
    const { handlers, limits, onReport, onChange } = this.#options
    const number = ++this.#accepted
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
    this.#bytesIn += bytesIn
    this.#bytesOut += bytesOut
    this.#lostBytes += lostBytes
    if (connection.lateness === 'idle') this.#timedOut++
    else if (connection.lateness === 'message') this.#slowMessages++
    else if (error !== undefined) this.#reset++
    const cause = connection.lateness === undefined ? error?.message : `${connection.lateness} timeout`
    onReport?.({ kind: 'closed', connection: connection.number, cause, bytesIn, bytesOut, lostBytes })
    onChange()
  }

  /** Adds up the open connections and those that are gone. */
  stats(): ServerStats {
    const { counters, worker } = this.#options
    let bytesIn = this.#bytesIn
    let bytesOut = this.#bytesOut
    let heldBytes = 0
    for (const { handler } of this.#open) {
      bytesIn += handler.bytesIn
      bytesOut += handler.bytesOut
      heldBytes += handler.heldBytes
    }
    return {
      open: this.#open.size,
      accepted: this.#accepted,
      reset: this.#reset,
      timedOut: this.#timedOut,
      slowMessages: this.#slowMessages,
      requests: counters.read(worker, 'requests'),
      refused: counters.read(worker, 'refused'),
      tooLong: counters.read(worker, 'tooLong'),
      bytesIn,
      bytesOut,
      heldBytes,
      lostBytes: this.#lostBytes,
      leasedBytes: this.loop.arena.leasedBytes,
      turns: this.loop.turns,
    }
  }
}
