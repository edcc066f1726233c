import * as assert from 'uvu/assert'
import type { Block, Socket, SocketHandler, SystemError, UnseenBytes } from '../src/index.js'

/** What a test does in the callbacks of an endpoint. */
export type Hooks = Partial<SocketHandler>

/**
 * One end of a connection: records what happens, passes it on to the test's hooks, and holds the engine to what
 * `SocketHandler` promises, whatever the test is about.
 */
export class Endpoint implements SocketHandler {
  /** What was called, in order: `connect`, `read`, `unseen`, `writable`, `end`, `close`; a name stands once for a run of calls. */
  readonly events: string[] = []
  receivedBytes = 0
  ended = false
  closes = 0
  error: SystemError | undefined
  readonly #hooks: Hooks
  readonly #received: Buffer[] = []
  #socket: Socket | undefined
  #inside = false

  constructor(hooks: Hooks) {
    this.#hooks = hooks
  }

  adopt(socket: Socket): this {
    this.#socket = socket
    return this
  }

  get socket(): Socket {
    return this.#socket as Socket
  }

  /** What was read, as far as it is kept: the first 64 KiB or so. */
  get text(): string {
    return Buffer.concat(this.#received).toString('latin1')
  }

  get connected(): boolean {
    return this.events.includes('connect')
  }

  onConnect(socket: Socket): void {
    assert.is(this.events.length, 0, 'onConnect was not the first call')
    this.#enter('connect', socket, () => this.#hooks.onConnect?.(socket))
  }

  onRead(socket: Socket, block: Block, start: number, length: number): void {
    assert.ok(length > 0, 'onRead without bytes')
    assert.not(this.ended, 'onRead after onEnd')
    if (this.receivedBytes < 65_536) this.#received.push(Buffer.from(block.memory.subarray(start, start + length)))
    this.receivedBytes += length
    this.#enter('read', socket, () => this.#hooks.onRead?.(socket, block, start, length))
  }

  get takesUnseen(): boolean {
    return this.#hooks.takesUnseen === true
  }

  onUnseen(socket: Socket, bytes: UnseenBytes): void {
    assert.ok(bytes.length > 0, 'onUnseen without bytes')
    assert.ok(this.takesUnseen, 'onUnseen without having been asked for')
    assert.not(this.ended, 'onUnseen after onEnd')
    this.receivedBytes += bytes.length
    this.#enter('unseen', socket, () => this.#hooks.onUnseen?.(socket, bytes))
  }

  onWritable(socket: Socket): void {
    this.#enter('writable', socket, () => this.#hooks.onWritable?.(socket))
  }

  onEnd(socket: Socket): void {
    assert.not(this.ended, 'onEnd twice')
    this.ended = true
    this.#enter('end', socket, () => this.#hooks.onEnd?.(socket))
  }

  onClose(socket: Socket, error: SystemError | undefined): void {
    assert.is(socket.closed, true, 'onClose on a socket that is not closed')
    this.closes++
    this.error = error
    this.#note('close', socket, () => this.#hooks.onClose?.(socket, error))
  }

  #enter(event: string, socket: Socket, hook: () => void): void {
    assert.is(socket.closed, false, `${event} on a closed socket`)
    assert.is(this.closes, 0, `${event} after onClose`)
    this.#note(event, socket, hook)
  }

  #note(event: string, socket: Socket, hook: () => void): void {
    assert.not(this.#inside, `${event} inside another call on the same socket`)
    if (this.#socket !== undefined) assert.is(socket, this.#socket, 'called with the wrong socket')
    if (this.events.at(-1) !== event) this.events.push(event)
    this.#inside = true
    try {
      hook()
    } finally {
      this.#inside = false
    }
  }
}
