/** Reverses bytes into a buffer of its own, which is used again and again and grows to the longest that it has had. */
export class Reverser {
  #buffer = new Uint8Array(4096)

  /** The bytes in reverse order. Valid until the next call. */
  reverse(bytes: Uint8Array): Uint8Array {
    return this.#copy(bytes, 0).reverse()
  }

  /** The bytes in reverse order, and after them a byte that stays last. Valid until the next call. */
  reverseBefore(bytes: Uint8Array, last: number): Uint8Array {
    const all = this.#copy(bytes, 1)
    all.subarray(0, bytes.length).reverse()
    all[bytes.length] = last
    return all
  }

  #copy(bytes: Uint8Array, more: number): Uint8Array {
    const length = bytes.length + more
    if (this.#buffer.length < length) this.#buffer = new Uint8Array(length)
    const copy = this.#buffer.subarray(0, length)
    copy.set(bytes)
    return copy
  }
}
