// Words of the shared memory before the slots.
const head = 0
const tail = 1
const closed = 2
/** Counts what a consumer may wait for: something was put in, or the queue was closed. */
const arrivals = 3
/** Counts what the producer may wait for: something was taken out, or it was called. */
const departures = 4
const words = 5

/**
 * A bounded first-in first-out queue of descriptors in memory that threads share: one thread puts in, many take out.
 * Who has to wait blocks, without cost (`Atomics.wait`, which is futex(2)).
 */
export class ConnectionQueue {
  readonly #memory: Int32Array
  readonly #capacity: number
  readonly #slotMask: number

  constructor(memory: SharedArrayBuffer, capacity: number) {
    this.#memory = new Int32Array(memory)
    this.#capacity = capacity
    this.#slotMask = slotsFor(capacity) - 1
  }

  /** Zeroed memory for a queue. */
  static allocate(capacity: number): SharedArrayBuffer {
    return new SharedArrayBuffer((words + slotsFor(capacity)) * Int32Array.BYTES_PER_ELEMENT)
  }

  get length(): number {
    return (Atomics.load(this.#memory, tail) - Atomics.load(this.#memory, head)) | 0
  }

  /**
   * Puts a descriptor in, as soon as there is room; `onWake` is called before each look. Returns false when the queue
   * has been closed. For one thread only.
   */
  push(fd: number, onWake: () => void): boolean {
    const memory = this.#memory
    for (;;) {
      const seen = Atomics.load(memory, departures)
      onWake()
      if (Atomics.load(memory, closed) !== 0) return false
      if (this.length < this.#capacity) break
      Atomics.wait(memory, departures, seen)
    }
    const position = Atomics.load(memory, tail)
    Atomics.store(memory, words + (position & this.#slotMask), fd)
    Atomics.store(memory, tail, (position + 1) | 0)
    Atomics.add(memory, arrivals, 1)
    Atomics.notify(memory, arrivals, 1)
    return true
  }

  /** Takes the oldest descriptor out, and waits for one; undefined when the queue is closed and empty. */
  pop(): number | undefined {
    const memory = this.#memory
    for (;;) {
      const seen = Atomics.load(memory, arrivals)
      const position = Atomics.load(memory, head)
      if (position === Atomics.load(memory, tail)) {
        if (Atomics.load(memory, closed) !== 0) return undefined
        Atomics.wait(memory, arrivals, seen)
        continue
      }
      const fd = Atomics.load(memory, words + (position & this.#slotMask))
      // The slot can only have been written again if somebody else has taken this one.
      if (Atomics.compareExchange(memory, head, position, (position + 1) | 0) !== position) continue
      this.callProducer()
      return fd
    }
  }

  /** Nothing more is put in; what is there can still be taken out. */
  close(): void {
    Atomics.store(this.#memory, closed, 1)
    Atomics.add(this.#memory, arrivals, 1)
    Atomics.notify(this.#memory, arrivals)
    this.callProducer()
  }

  /** Lets a producer that waits look round. */
  callProducer(): void {
    Atomics.add(this.#memory, departures, 1)
    Atomics.notify(this.#memory, departures)
  }
}

/** A power of two: positions count on past 2^31, and their lowest bits stay in step. */
function slotsFor(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(capacity))
}
