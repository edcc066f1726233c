import type { Block, Socket, UnseenBytes } from 'reactor'
import type {
  ConnectionHandler,
  ConnectionHandlerFactory,
  ConnectionObserver,
  ConnectionResources,
} from './connection-handler.js'
import { Pipe } from './pipe.js'

/**
 * Writes back what it receives: one pipe from the socket to itself. It is the pipe and does not have one, since each
 * object more that a message touches is looked for in memory when there are a thousand connections.
 */
class EchoConnection extends Pipe implements ConnectionHandler {
  observer: ConnectionObserver | undefined
  readonly #socket: Socket

  constructor(socket: Socket, { arena, pipeThreshold }: ConnectionResources) {
    super(socket, socket, arena, pipeThreshold)
    this.#socket = socket
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
    this.take(block, start, length)
  }

  onUnseen(_socket: Socket, bytes: UnseenBytes): void {
    this.takeUnseen(bytes)
  }

  override onWritable(): void {
    super.onWritable()
    this.#closeWhenDone()
  }

  override onEnd(): void {
    super.onEnd()
    this.#closeWhenDone()
  }

  onClose(): void {
    this.abort()
  }

  // Both directions have ended: what the pipe shut down is all that there was to send.
  #closeWhenDone(): void {
    if (this.state === 'closed') this.#socket.close()
  }
}

/** The echo protocol (RFC 862): every byte that arrives goes back, in order. */
export const echo: ConnectionHandlerFactory = (socket, resources) => new EchoConnection(socket, resources)
