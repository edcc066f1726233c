import { epochBytes, type StreamKey, streamKey } from './generator.js'
import type { PayloadMemory } from './payload-memory.js'

/** What identifies a stream: everything that its bytes depend on. */
export interface StreamIdentity {
  readonly seed: number
  /** The connection's number in the run, from 0. */
  readonly connection: number
  /** The only byte values that may occur (see `parseCharset`); undefined: all. */
  readonly charset: Uint8Array | undefined
}

/** One connection's payload: an endless sequence of bytes of which any stretch can be made or checked at any time. */
export class PayloadStream {
  readonly identity: StreamIdentity
  readonly #memory: PayloadMemory
  readonly #translation: Uint8Array | undefined
  #epoch = 0
  #key: StreamKey

  constructor(memory: PayloadMemory, identity: StreamIdentity) {
    this.identity = identity
    this.#memory = memory
    this.#translation = identity.charset === undefined ? undefined : translationTo(identity.charset)
    this.#key = streamKey(identity.seed, identity.connection, 0)
  }

  /** Writes the stream's bytes `[offset, offset + length)` to `memory[start]` and on. */
  fill(memory: Uint8Array, start: number, length: number, offset: number): void {
    if (this.#memory.reaches(memory)) {
      this.#fillInPlace(memory.byteOffset + start, length, offset)
      return
    }
    const { kernel, scratch, scratchBytes } = this.#memory
    for (let done = 0; done < length; ) {
      const piece = Math.min(length - done, scratchBytes)
      this.#fillInPlace(scratch, piece, offset + done)
      memory.set(kernel.memory.subarray(scratch, scratch + piece), start + done)
      done += piece
    }
  }

  /**
   * Compares `length` bytes from `memory[start]` on with the stream's bytes from `offset` on. Returns how many are
   * right before the first that differs, or -1 when all are.
   */
  mismatch(memory: Uint8Array, start: number, length: number, offset: number): number {
    if (this.#translation !== undefined) return this.#mismatchOfTranslated(memory, start, length, offset)
    if (this.#memory.reaches(memory)) return this.#mismatchInPlace(memory.byteOffset + start, length, offset)
    const { kernel, scratch, scratchBytes } = this.#memory
    for (let done = 0; done < length; ) {
      const piece = Math.min(length - done, scratchBytes)
      kernel.memory.set(memory.subarray(start + done, start + done + piece), scratch)
      const at = this.#mismatchInPlace(scratch, piece, offset + done)
      if (at !== -1) return done + at
      done += piece
    }
    return -1
  }

  #fillInPlace(position: number, length: number, offset: number): void {
    const { kernel } = this.#memory
    for (let done = 0; done < length; ) {
      const within = this.#enter(offset + done)
      const piece = Math.min(length - done, epochBytes - within)
      kernel.fill(position + done, piece, Math.floor(within / 4), within % 4, this.#key)
      done += piece
    }
    if (this.#translation === undefined) return
    for (let at = position; at < position + length; at++) {
      kernel.memory[at] = this.#translation[kernel.memory[at] as number] as number
    }
  }

  #mismatchInPlace(position: number, length: number, offset: number): number {
    const { kernel } = this.#memory
    for (let done = 0; done < length; ) {
      const within = this.#enter(offset + done)
      const piece = Math.min(length - done, epochBytes - within)
      const at = kernel.mismatch(position + done, piece, Math.floor(within / 4), within % 4, this.#key)
      if (at !== -1) return done + at
      done += piece
    }
    return -1
  }

  #mismatchOfTranslated(memory: Uint8Array, start: number, length: number, offset: number): number {
    const { kernel, scratch, scratchBytes } = this.#memory
    for (let done = 0; done < length; ) {
      const piece = Math.min(length - done, scratchBytes)
      this.#fillInPlace(scratch, piece, offset + done)
      const received = memory.subarray(start + done, start + done + piece)
      const expected = kernel.memory.subarray(scratch, scratch + piece)
      if (Buffer.compare(received, expected) !== 0) return done + firstDifference(received, expected)
      done += piece
    }
    return -1
  }

  /** Takes the key of the epoch that `offset` lies in, and returns the offset within the epoch. */
  #enter(offset: number): number {
    const epoch = Math.floor(offset / epochBytes)
    if (epoch !== this.#epoch) {
      this.#epoch = epoch
      this.#key = streamKey(this.identity.seed, this.identity.connection, epoch)
    }
    return offset - epoch * epochBytes
  }
}

/** Spreads the 256 byte values over the ones that are allowed, as evenly as they divide. */
function translationTo(charset: Uint8Array): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, value) => charset[Math.floor((value * charset.length) / 256)] as number)
}

function firstDifference(received: Uint8Array, expected: Uint8Array): number {
  let at = 0
  while (received[at] === expected[at]) at++
  return at
}
