import type { Arena, Block } from './arena.js'

/**
 * A first-in first-out queue of at most `capacity` bytes: a ring whose slots are blocks of an arena. A slot holds a
 * block only while bytes stand in it, so an empty ring costs no memory and a little data costs one block.
 */
export class RingBuffer {
  readonly capacity: number
  readonly #arena: Arena
  readonly #blockSize: number
  readonly #slots: (Block | undefined)[]
  /** Ring positions in bytes, below the ring's span. */
  #head = 0
  #length = 0

  /** `capacity` in bytes, at least 1. */
  constructor(arena: Arena, capacity: number) {
    if (!(Number.isSafeInteger(capacity) && capacity > 0)) throw new RangeError(`ring buffer of ${capacity} bytes`)
    this.capacity = capacity
    this.#arena = arena
    this.#blockSize = arena.blockSize
    // One slot more than the bytes need: the oldest and the newest byte never share a slot across the seam.
    this.#slots = new Array(Math.ceil(capacity / arena.blockSize) + 1)
  }

  /** Bytes held. */
  get length(): number {
    return this.#length
  }

  /** Bytes that `push` would still take. */
  get room(): number {
    return this.capacity - this.#length
  }

  /** Appends a copy of as many bytes as there is room for, and returns how many. */
  push(memory: Uint8Array, start: number, length: number): number {
    const taken = Math.min(length, this.room)
    const span = this.#slots.length * this.#blockSize
    let done = 0
    while (done < taken) {
      const position = (this.#head + this.#length) % span
      const offset = position % this.#blockSize
      const count = Math.min(taken - done, this.#blockSize - offset)
      const block = this.#leaseSlot((position - offset) / this.#blockSize)
      block.memory.set(memory.subarray(start + done, start + done + count), offset)
      this.#length += count
      done += count
    }
    return taken
  }

  /** The block with the oldest bytes; undefined when the ring is empty. They begin at `frontStart`. */
  get front(): Block | undefined {
    return this.#slots[Math.floor(this.#head / this.#blockSize)]
  }

  get frontStart(): number {
    return this.#head % this.#blockSize
  }

  /** How many of the oldest bytes lie side by side in `front`. */
  get frontLength(): number {
    return Math.min(this.#length, this.#blockSize - this.frontStart)
  }

  /** Drops the oldest `count` bytes. Throws a RangeError when there are fewer. */
  consume(count: number): void {
    if (count > this.#length) throw new RangeError(`consume ${count} of ${this.#length} bytes`)
    let left = count
    while (left > 0) {
      const step = Math.min(left, this.frontLength)
      const slot = Math.floor(this.#head / this.#blockSize)
      this.#head += step
      this.#length -= step
      left -= step
      if (this.#length === 0 || this.#head % this.#blockSize === 0) this.#free(slot)
      if (this.#head === this.#slots.length * this.#blockSize) this.#head = 0
    }
    // Start of a block again, so that little data never straddles two.
    if (this.#length === 0) this.#head = 0
  }

  /** Drops everything and returns all blocks. */
  clear(): void {
    this.consume(this.#length)
  }

  #leaseSlot(slot: number): Block {
    const block = this.#slots[slot] ?? this.#arena.lease()
    this.#slots[slot] = block
    return block
  }

  #free(slot: number): void {
    this.#slots[slot]?.release()
    this.#slots[slot] = undefined
  }
}
