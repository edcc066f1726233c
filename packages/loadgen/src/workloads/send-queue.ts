import type { Socket } from 'reactor'
import type { SendSpace } from '../thread/send-space.js'

/** Bytes that are to be sent in their order, as fast as the kernel takes them. */
export class SendQueue {
  readonly #space: SendSpace
  #chunks: Uint8Array[] = []
  /** Bytes of the first chunk that are sent. */
  #done = 0
  /** Bytes that are not. */
  #left = 0
  /** The kernel refused something, and will tell when it takes more. */
  #blocked = false

  constructor(space: SendSpace) {
    this.#space = space
  }

  get empty(): boolean {
    return this.#left === 0
  }

  add(bytes: Uint8Array): void {
    this.#chunks.push(bytes)
    this.#left += bytes.length
  }

  /** Adds bytes, the kernel having just refused these or earlier ones. */
  addRefused(bytes: Uint8Array): void {
    this.#blocked = true
    this.add(bytes)
  }

  /** The kernel takes more. */
  resume(): void {
    this.#blocked = false
  }

  /** Sends what can be sent, as much at a time as there is room for, and returns how many bytes that were. */
  writeTo(socket: Socket): number {
    let total = 0
    while (this.#left > 0 && !this.#blocked) {
      const length = Math.min(this.#space.most, this.#left)
      const block = this.#space.take(length)
      this.#copyTo(block.memory.subarray(this.#space.start, this.#space.start + length))
      const taken = socket.write(block, this.#space.start, length)
      this.#drop(taken)
      this.#blocked = taken < length
      total += taken
    }
    return total
  }

  /** Fills `target`, which is no longer than what is left. */
  #copyTo(target: Uint8Array): void {
    let begin = this.#done
    let at = 0
    for (const chunk of this.#chunks) {
      const piece = chunk.subarray(begin, begin + target.length - at)
      target.set(piece, at)
      at += piece.length
      begin = 0
      if (at === target.length) return
    }
  }

  #drop(count: number): void {
    this.#left -= count
    this.#done += count
    let gone = 0
    for (let chunk = this.#chunks[0]; chunk !== undefined && this.#done >= chunk.length; chunk = this.#chunks[gone]) {
      this.#done -= chunk.length
      gone++
    }
    this.#chunks.splice(0, gone)
  }
}
