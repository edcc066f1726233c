import type { Block, Socket, UnseenBytes } from 'reactor'
import type { ConnectionHandler, ConnectionHandlerFactory, ConnectionResources } from './connection-handler.js'
import { Pipe } from './pipe.js'

/** Writes back what it receives: one pipe from the socket to itself. */
class EchoConnection implements ConnectionHandler {
  readonly #socket: Socket
  readonly #pipe: Pipe

  constructor(socket: Socket, { arena, pipeThreshold }: ConnectionResources) {
    this.#socket = socket
    this.#pipe = new Pipe(socket, socket, arena, pipeThreshold)
  }

  get bytesIn(): number {
    return this.#pipe.bytesIn
  }

  get bytesOut(): number {
    return this.#pipe.bytesOut
  }

  get heldBytes(): number {
    return this.#pipe.heldBytes
  }

  get busy(): boolean {
    return false
  }

  get inMessage(): boolean {
    return false
  }

  get messages(): number {
    return 0
  }

  /** Bytes that are held are lost, and the client is told so by RST instead of FIN. */
  timeOut(): void {
    if (this.heldBytes > 0) this.#socket.abort()
    else this.#socket.close()
  }

  onRead(_socket: Socket, block: Block, start: number, length: number): void {
    this.#pipe.onRead(block, start, length)
  }

  get takesUnseen(): boolean {
    return this.#pipe.takesUnseen
  }

  onUnseen(_socket: Socket, bytes: UnseenBytes): void {
    this.#pipe.onUnseen(bytes)
  }

  onWritable(): void {
    this.#pipe.onWritable()
    this.#closeWhenDone()
  }

  onEnd(): void {
    this.#pipe.onEnd()
    this.#closeWhenDone()
  }

  onClose(): void {
    this.#pipe.abort()
  }

  // Both directions have ended: what the pipe shut down is all that there was to send.
  #closeWhenDone(): void {
    if (this.#pipe.state === 'closed') this.#socket.close()
  }
}

/** The echo protocol (RFC 862): every byte that arrives goes back, in order. */
export const echo: ConnectionHandlerFactory = (socket, resources) => new EchoConnection(socket, resources)
