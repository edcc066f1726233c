import type { Arena, Block, Socket } from 'reactor'
import type { SendSpace } from '../thread/send-space.js'
import { SendQueue } from './send-queue.js'

/** Puts short pieces together into blocks, so that what is said at one moment takes one call. */
export class BatchedSends {
  readonly #arena: Arena
  readonly #queue: SendQueue
  #block: Block | undefined
  #length = 0
  #taken = 0

  constructor(space: SendSpace) {
    this.#arena = space.arena
    this.#queue = new SendQueue(space)
  }

  /** Where to write the next bytes, from `start` on: there is room for `least` of them or more (a block is longer). */
  room(socket: Socket, least: number): Uint8Array {
    if (this.#block !== undefined && this.#block.size - this.#length < least) this.#send(socket)
    this.#block ??= this.#arena.lease()
    return this.#block.memory
  }

  get start(): number {
    return this.#length
  }

  /** They have been written up to `end`. */
  wrote(end: number): void {
    this.#length = end
  }

  /** Sends all that there is, and returns how many bytes the kernel has taken since the last call. */
  flush(socket: Socket): number {
    if (this.#block !== undefined) this.#send(socket)
    const taken = this.#taken
    this.#taken = 0
    return taken
  }

  /** Forgets what has not been sent. */
  discard(): void {
    this.#block?.release()
    this.#block = undefined
    this.#length = 0
  }

  /** The kernel takes more of what it refused; returns how many bytes. */
  resume(socket: Socket): number {
    this.#queue.resume()
    return this.#queue.writeTo(socket)
  }

  #send(socket: Socket): void {
    const block = this.#block as Block
    const taken = this.#queue.empty ? socket.write(block, 0, this.#length) : 0
    // A copy of the rest, which has to wait: the block goes back.
    if (taken < this.#length) this.#queue.addRefused(block.memory.slice(taken, this.#length))
    this.#taken += taken
    block.release()
    this.#block = undefined
    this.#length = 0
  }
}
