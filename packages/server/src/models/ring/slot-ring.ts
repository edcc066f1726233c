import { controlWord, layOut, type RingShape, wordsPerSlot } from './ring-shape.js'

/** What a slot tells of its connection. */
export const slotKind = {
  /** It stands; `value` is its descriptor, `port` the local port. */
  opened: 1,
  /** `value` bytes have come. */
  data: 2,
  /** FIN has come. */
  ended: 3,
  /** An error has ended it; `value` is the errno. */
  failed: 4,
} as const

/**
 * The ring itself: slots that one thread fills and another takes, in order. Two positions, each written by one thread,
 * are all that they share; `Atomics` order them against the slots' contents.
 */
export class SlotRing {
  readonly slots: number
  readonly slotSize: number
  readonly #control: Int32Array
  readonly #firstSlot: number
  readonly #address: number

  constructor(shape: RingShape) {
    this.slots = shape.slots
    this.slotSize = shape.slotSize
    this.#control = new Int32Array(shape.control)
    this.#firstSlot = layOut(shape).slots
    this.#address = shape.address
  }

  /** Slots that have been filled and are not released. Positions count on past 2^31 and differ by less than that. */
  get used(): number {
    const { published, released } = controlWord
    return (Atomics.load(this.#control, published) - Atomics.load(this.#control, released)) | 0
  }

  get room(): number {
    return this.slots - this.used
  }

  /** Slots filled since the start, for who takes them. */
  get published(): number {
    return Atomics.load(this.#control, controlWord.published)
  }

  /** Where the reader's next slot lies, which must be free. */
  get nextAddress(): number {
    return this.#address + this.indexOf(this.published) * this.slotSize
  }

  /** The slot of a position, from 0. */
  indexOf(position: number): number {
    return (position >>> 0) % this.slots
  }

  /** Hands the reader's next slot, which must be free, to the other thread. */
  publish(kind: number, connection: number, value: number, port: number): void {
    const position = this.published
    const word = this.#firstSlot + this.indexOf(position) * wordsPerSlot
    this.#control[word] = kind
    this.#control[word + 1] = connection
    this.#control[word + 2] = value
    this.#control[word + 3] = port
    Atomics.store(this.#control, controlWord.published, (position + 1) | 0)
  }

  kindAt(position: number): number {
    return this.#word(position, 0)
  }

  connectionAt(position: number): number {
    return this.#word(position, 1)
  }

  valueAt(position: number): number {
    return this.#word(position, 2)
  }

  portAt(position: number): number {
    return this.#word(position, 3)
  }

  #word(position: number, offset: number): number {
    return this.#control[this.#firstSlot + this.indexOf(position) * wordsPerSlot + offset] as number
  }

  /** The reader may fill all slots before `position` again. */
  releaseUpTo(position: number): void {
    Atomics.store(this.#control, controlWord.released, position)
  }
}
