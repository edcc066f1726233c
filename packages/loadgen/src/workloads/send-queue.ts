import type { Socket } from 'reactor'
import type { SendSpace } from '../thread/send-space.js'

/** Bytes that are to be sent in their order, as fast as the kernel takes them. */
export class SendQueue {
  readonly #space: SendSpace
  #chunks: Uint8Array[] = []
  /** Bytes of the first chunk that are sent. */
  #done = 0
  /** The kernel refused something, and will tell when it takes more. */
  #blocked = false

  constructor(space: SendSpace) {
    this.#space = space
  }

  get empty(): boolean {
    return this.#chunks.length === 0
  }

  add(bytes: Uint8Array): void {
    this.#chunks.push(bytes)
  }

  /** Adds bytes, the kernel having just refused these or earlier ones. */
  addRefused(bytes: Uint8Array): void {
    this.#blocked = true
    this.#chunks.push(bytes)
  }

  /** The kernel takes more. */
  resume(): void {
    this.#blocked = false
  }

  /** Sends what can be sent, and returns how many bytes that were. */
  writeTo(socket: Socket): number {
    let total = 0
    for (let chunk = this.#chunks[0]; chunk !== undefined && !this.#blocked; chunk = this.#chunks[0]) {
      total += this.#writePiece(socket, chunk)
      if (this.#done < chunk.length) continue
      this.#chunks.shift()
      this.#done = 0
    }
    return total
  }

  #writePiece(socket: Socket, chunk: Uint8Array): number {
    const length = Math.min(this.#space.most, chunk.length - this.#done)
    const block = this.#space.take(length)
    block.memory.set(chunk.subarray(this.#done, this.#done + length), this.#space.start)
    const taken = socket.write(block, this.#space.start, length)
    this.#done += taken
    this.#blocked = taken < length
    return taken
  }
}
