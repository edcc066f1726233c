import type { Block, Loop, Socket, SocketHandler, SystemError } from 'reactor'
import type { ConnectionHandler, ConnectionHandlerFactory, ConnectionResources } from './connection-handler.js'
import type { ServerReport, ServerStats } from './server-messages.js'

/** An open connection: passes the socket's events on to its protocol, and notes when the last one was. */
export class Connection implements SocketHandler {
  readonly number: number
  readonly handler: ConnectionHandler
  /** When something happened last, on the loop's clock, in milliseconds. */
  lastActivity: number
  readonly #socket: Socket
  readonly #owner: Connections
  #timedOut = false

  constructor(number: number, socket: Socket, handler: ConnectionHandler, owner: Connections) {
    this.number = number
    this.handler = handler
    this.lastActivity = owner.loop.now
    this.#socket = socket
    this.#owner = owner
  }

  get timedOut(): boolean {
    return this.#timedOut
  }

  onRead(socket: Socket, block: Block, start: number, length: number): void {
    this.lastActivity = this.#owner.loop.now
    this.handler.onRead(socket, block, start, length)
  }

  onWritable(socket: Socket): void {
    this.lastActivity = this.#owner.loop.now
    this.handler.onWritable(socket)
  }

  onEnd(socket: Socket): void {
    this.lastActivity = this.#owner.loop.now
    this.handler.onEnd(socket)
  }

  onClose(socket: Socket, error: SystemError | undefined): void {
    const lostBytes = this.handler.heldBytes
    this.handler.onClose(socket, error)
    this.#owner.remove(this, error, lostBytes)
  }

  /** Ends the connection. When bytes are held they are lost, and the client is told so by RST instead of FIN. */
  end(): void {
    if (this.handler.heldBytes > 0) this.#socket.abort()
    else this.#socket.close()
  }

  /** Ends the connection because nothing has happened for too long. */
  timeOut(): void {
    this.#timedOut = true
    this.end()
  }
}

export interface ConnectionsOptions {
  readonly protocol: ConnectionHandlerFactory
  /** Bytes. */
  readonly pipeThreshold: number
  /** Called after a connection has come or gone. */
  onChange(): void
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
    const { protocol, onReport, onChange } = this.#options
    const number = ++this.#accepted
    const connection = new Connection(number, socket, protocol(socket, this.#resources), this)
    this.#open.add(connection)
    onReport?.({ kind: 'opened', connection: number, remoteAddress: socket.remoteAddress, port: socket.localPort })
    onChange()
    return connection
  }

  /** Called by a connection that has ended: with what ended it, and what it still held. */
  remove(connection: Connection, error: SystemError | undefined, lostBytes: number): void {
    const { onReport, onChange } = this.#options
    const { bytesIn, bytesOut } = connection.handler
    this.#open.delete(connection)
    this.#bytesIn += bytesIn
    this.#bytesOut += bytesOut
    this.#lostBytes += lostBytes
    if (connection.timedOut) this.#timedOut++
    else if (error !== undefined) this.#reset++
    const cause = connection.timedOut ? 'idle timeout' : error?.message
    onReport?.({ kind: 'closed', connection: connection.number, cause, bytesIn, bytesOut, lostBytes })
    onChange()
  }

  /** Adds up the open connections and those that are gone. */
  stats(): ServerStats {
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
      bytesIn,
      bytesOut,
      heldBytes,
      lostBytes: this.#lostBytes,
      leasedBytes: this.loop.arena.leasedBytes,
      turns: this.loop.turns,
    }
  }
}
