const smallestBuffer = 256

/**
 * Bytes that come in parts. Twice as large each time that it is full, so that what comes byte by byte is copied twice
 * at most on average; and no larger than what has come makes necessary, whatever was announced.
 */
export class GrowingBuffer {
  #bytes: Uint8Array | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  /** Appends a copy. `most` is what it can grow to at the most, in bytes. */
  append(bytes: Uint8Array, most: number): void {
    const needed = this.#length + bytes.length
    if (needed === 0) return
    if (this.#bytes === undefined || this.#bytes.length < needed) {
      const larger = new Uint8Array(Math.max(needed, Math.min(Math.max(2 * this.#length, smallestBuffer), most)))
      if (this.#bytes !== undefined) larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    this.#bytes.set(bytes, this.#length)
    this.#length = needed
  }

  /** Gives away everything that has come, and is empty. */
  take(): Uint8Array {
    const bytes = this.#bytes?.subarray(0, this.#length) ?? new Uint8Array(0)
    this.clear()
    return bytes
  }

  clear(): void {
    this.#bytes = undefined
    this.#length = 0
  }
}
