import { key0OfWord, type StreamKey, scramble } from '../payload/generator.js'
import type { PayloadMemory } from '../payload/payload-memory.js'
import { maskIndex, maskOf } from '../payload/stream-bytes.js'
import type { Write } from './write-history.js'

/** Bytes at the beginning of a value that tell which set it comes from; shorter values have no room for them. */
export const headerBytes = 24

const word = 2 ** 32

/** Offsets within the header. All fields are little-endian. */
const field = { version: 0, replaces: 8, key: 12, size: 16, check: 20 } as const

/** What a value's bytes depend on. */
export interface Item {
  readonly key: number
  readonly flags: number
  readonly size: number
}

/** What a header says. */
export interface Header extends Write {
  readonly size: number
}

/** The 32 bits of a version that stand in the flags of the item, where values too short for a header have them too. */
export function flagsOf(version: number): number {
  return version % word
}

/**
 * The bytes of values. The header has the version, what the set replaces, the key and the length in plain numbers, and
 * a check sum over them and the seed. All other bytes are a function of seed, key and flags, as the bytes of a
 * connection are (stream-bytes.ts): at the same place no word of four bytes is the same in two sets of a key, or in sets
 * of two keys with the same flags.
 */
export class ValueContent {
  readonly #memory: PayloadMemory
  readonly #low: number
  readonly #high: number
  readonly #stream: { key0: number; key1: number } = { key0: 0, key1: 0 }

  constructor(memory: PayloadMemory, seed: number) {
    this.#memory = memory
    this.#low = scramble(seed | 0)
    this.#high = scramble(Math.floor(seed / word) ^ this.#low)
  }

  /** Writes the header at `bytes[start]`. */
  writeHeader(bytes: Uint8Array, start: number, { version, replaces, key, size }: Header): void {
    putWord(bytes, start + field.version, version % word)
    putWord(bytes, start + field.version + 4, Math.floor(version / word))
    // Where it would not fit, nothing is said to be replaced.
    putWord(bytes, start + field.replaces, Math.min(version - replaces, word - 1))
    putWord(bytes, start + field.key, key)
    putWord(bytes, start + field.size, size)
    putWord(bytes, start + field.check, this.#check(bytes, start))
  }

  /** What the header at `bytes[start]` says; undefined where its check sum is not right. */
  readHeader(bytes: Uint8Array, start: number): Header | undefined {
    if (wordAt(bytes, start + field.check) !== this.#check(bytes, start)) return undefined
    const version = wordAt(bytes, start + field.version) + word * wordAt(bytes, start + field.version + 4)
    const before = wordAt(bytes, start + field.replaces)
    return {
      version,
      replaces: before === word - 1 ? 0 : version - before,
      key: wordAt(bytes, start + field.key),
      size: wordAt(bytes, start + field.size),
    }
  }

  /** The header `received`, as far as it can be told what it had to be. */
  expectedHeader(received: Uint8Array, { key, flags, size }: Item): Uint8Array {
    const expected = Uint8Array.from(received)
    putWord(expected, field.version, flags)
    putWord(expected, field.key, key)
    putWord(expected, field.size, size)
    return this.readHeader(expected, 0) === undefined ? (this.#repaired(expected) ?? expected) : expected
  }

  /** The header with one byte changed that was not known, so that its check sum is right; undefined where there is none. */
  #repaired(header: Uint8Array): Uint8Array | undefined {
    for (let at = 0; at < headerBytes; at++) {
      if (at < 4 || (at >= field.key && at < field.check)) continue
      const candidate = Uint8Array.from(header)
      for (let byte = 0; byte < 256; byte++) {
        candidate[at] = byte
        if (this.readHeader(candidate, 0) !== undefined) return candidate
      }
    }
    return undefined
  }

  #check(bytes: Uint8Array, start: number): number {
    let sum = this.#high
    for (let at = 0; at < field.check; at += 4) sum = scramble((Math.imul(sum, 31) + wordAt(bytes, start + at)) | 0)
    return sum >>> 0
  }

  /** Writes the bytes `[offset, offset + length)` of a value, none of them in its header, at `memory[start]`. */
  fill(memory: Uint8Array, start: number, length: number, offset: number, item: Item): void {
    const stream = this.#streamOf(item)
    const position = this.#memory.positionOf(memory)
    if (position !== -1) {
      this.#memory.kernel.fill(position + start, length, offset, stream)
      return
    }
    const { kernel, scratch, scratchBytes } = this.#memory
    for (let done = 0; done < length; ) {
      const piece = Math.min(length - done, scratchBytes)
      kernel.fill(scratch, piece, offset + done, stream)
      memory.set(kernel.memory.subarray(scratch, scratch + piece), start + done)
      done += piece
    }
  }

  /** How many of the `length` bytes from `memory[start]` on are those from `offset` of the value on; -1: all. */
  mismatch(memory: Uint8Array, start: number, length: number, offset: number, item: Item): number {
    const stream = this.#streamOf(item)
    const position = this.#memory.positionOf(memory)
    if (position !== -1) {
      return this.#memory.kernel.mismatch(position + start, length, offset, stream)
    }
    const { kernel, scratch, scratchBytes } = this.#memory
    for (let done = 0; done < length; ) {
      const piece = Math.min(length - done, scratchBytes)
      kernel.memory.set(memory.subarray(start + done, start + done + piece), scratch)
      const at = kernel.mismatch(scratch, piece, offset + done, stream)
      if (at !== -1) return done + at
      done += piece
    }
    return -1
  }

  /** Whether these bytes, from `offset` of a value of the key on, come from one and the same other set of it. */
  isOtherVersion(bytes: Uint8Array, offset: number, item: Item): boolean {
    const { key0, key1 } = this.#streamOf(item)
    const first = -offset & 3
    if (bytes.length < first + 8) return false
    const [one, next] = [first, first + 4].map(at => {
      const mask = maskOf(wordAt(bytes, at), offset + at)
      return key0OfWord(mask, maskIndex(offset + at), key1)
    })
    return one === next && one !== key0
  }

  #streamOf({ key, flags, size }: Item): StreamKey {
    // Without a header, the bytes have to tell the length: half a value must not pass for a shorter one.
    const length = size < headerBytes ? size + 1 : 0
    this.#stream.key0 = scramble((flags | 0) ^ this.#low) | 0
    this.#stream.key1 = scramble((scramble(key | 0) + scramble(length) + this.#high) | 0) | 0
    return this.#stream
  }
}

function putWord(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

function wordAt(bytes: Uint8Array, at: number): number {
  // No array between: this is done eleven times for each value.
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
  const high = (bytes[at + 2] as number) | ((bytes[at + 3] as number) << 8)
  return (low | (high << 16)) >>> 0
}
