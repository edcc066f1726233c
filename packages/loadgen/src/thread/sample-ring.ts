import { type LatencyKind, latencyKinds } from '../measurement/latency-kind.js'

/** Entries that fit, a power of two. A reader that comes every 40 ms keeps up with 3 million samples a second. */
export const ringCapacity = 2 ** 17

/** Positions count up to this and start again at 0: a multiple of the capacity, and small enough to be no boxed number. */
export const positions = 2 ** 30

const wordBytes = 4
const wordsPerEntry = 2

/** Where the two positions stand, in words: on cache lines of their own, since different threads write them. */
const writtenAt = 0
const readAt = 16
const entriesAt = 32

/** Kinds, times two for what counts and what does not. */
const codesPerInterval = 16

/** A kind of latency in a sample that does not count for the run, such as one of the warm-up. Plus 1: one that does. */
export function sampleCode(kind: LatencyKind): number {
  return 2 * latencyKinds.indexOf(kind)
}

/** Which kind of latency a code stands for, and whether it counts. */
export function ofSampleCode(code: number): { readonly kind: LatencyKind; readonly kept: boolean } {
  return { kind: latencyKinds[code >> 1] as LatencyKind, kept: (code & 1) === 1 }
}

/** Samples in the form in which they go from thread to thread: two words each, the second one a number of 32 bits. */
export class SampleEntries {
  readonly #tags: Int32Array
  readonly #values: Float32Array

  /** The entries begin at `byteOffset`. */
  constructor(memory: ArrayBufferLike, byteOffset = 0) {
    this.#tags = new Int32Array(memory, byteOffset)
    this.#values = new Float32Array(memory, byteOffset)
  }

  static bytes(entries: number): number {
    return entries * wordsPerEntry * wordBytes
  }

  get length(): number {
    return this.#tags.length / wordsPerEntry
  }

  set(index: number, interval: number, code: number, microseconds: number): void {
    this.#tags[index * wordsPerEntry] = interval * codesPerInterval + code
    this.#values[index * wordsPerEntry + 1] = microseconds
  }

  /** The interval of its thread that the sample belongs to, from 0. */
  intervalAt(index: number): number {
    return Math.floor((this.#tags[index * wordsPerEntry] as number) / codesPerInterval)
  }

  codeAt(index: number): number {
    return (this.#tags[index * wordsPerEntry] as number) % codesPerInterval
  }

  microsecondsAt(index: number): number {
    return this.#values[index * wordsPerEntry + 1] as number
  }
}

/**
 * Samples on their way from one load thread to the main thread, in memory that both share: a ring with one writer and
 * one reader (Lamport, Specifying Concurrent Program Modules, 1983). Nobody wakes anybody for them: a load thread that
 * has to wake the main thread is held up for as long as a message takes that is answered at once.
 */
export class SampleRing {
  readonly entries: SampleEntries
  readonly #positions: Int32Array

  constructor(memory: SharedArrayBuffer) {
    this.#positions = new Int32Array(memory, 0, entriesAt)
    this.entries = new SampleEntries(memory, entriesAt * wordBytes)
  }

  static allocate(): SharedArrayBuffer {
    return new SharedArrayBuffer(entriesAt * wordBytes + SampleEntries.bytes(ringCapacity))
  }

  /** Up to where entries can be read. */
  get written(): number {
    return Atomics.load(this.#positions, writtenAt)
  }

  set written(position: number) {
    Atomics.store(this.#positions, writtenAt, position)
  }

  /** Up to where entries have been read. */
  get read(): number {
    return Atomics.load(this.#positions, readAt)
  }

  set read(position: number) {
    Atomics.store(this.#positions, readAt, position)
  }

  /** True when nothing more fits between these positions. */
  static full(written: number, read: number): boolean {
    return ((written - read) & (positions - 1)) === ringCapacity
  }

  static next(position: number): number {
    return (position + 1) & (positions - 1)
  }

  /** Which entry stands at a position. */
  static indexOf(position: number): number {
    return position & (ringCapacity - 1)
  }
}
