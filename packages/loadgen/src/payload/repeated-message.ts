import type { Payload, PayloadIdentity } from './payload.js'

/** Copies of short messages are laid end to end until a stretch of at least so many bytes is compared at once. */
const stretchBytes = 64 * 1024

/** The same message again and again. */
export class RepeatedMessage implements Payload {
  readonly identity: PayloadIdentity
  /** Whole messages, as many as a stretch takes. */
  readonly #copies: Buffer

  /** `message` has at least one byte; `copies` are its `copiesOf`. */
  constructor(message: Uint8Array, seed: number, connection: number, copies: Buffer) {
    this.identity = { seed, connection, charset: message }
    this.#copies = copies
  }

  fill(memory: Uint8Array, start: number, length: number, offset: number): void {
    for (let done = 0; done < length; ) {
      const from = (offset + done) % this.#copies.length
      const piece = Math.min(length - done, this.#copies.length - from)
      memory.set(this.#copies.subarray(from, from + piece), start + done)
      done += piece
    }
  }

  mismatch(memory: Uint8Array, start: number, length: number, offset: number): number {
    for (let done = 0; done < length; ) {
      const from = (offset + done) % this.#copies.length
      const piece = Math.min(length - done, this.#copies.length - from)
      const [first, end] = [start + done, start + done + piece]
      if (this.#copies.compare(memory, first, end, from, from + piece) !== 0) {
        let at = 0
        while (memory[first + at] === this.#copies[from + at]) at++
        return done + at
      }
      done += piece
    }
    return -1
  }
}

/** The copies of a message that all connections of a thread can share. */
export function copiesOf(message: Uint8Array): Buffer {
  const count = Math.max(1, Math.ceil(stretchBytes / message.length))
  return Buffer.concat(Array.from({ length: count }, () => message))
}
