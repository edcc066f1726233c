/** What a read of the splitter came to. */
export type SplitResult = 'complete' | 'partial' | 'too-long'

const smallestBuffer = 256

/**
 * Cuts a stream of bytes into messages that end with a terminator, wherever the reads cut it. What has come of a
 * message that is not complete is kept here; a message that came in one piece is not copied.
 */
export class MessageSplitter {
  /** After `complete`: the message without its terminator. Valid until the next read. */
  message: Uint8Array = new Uint8Array(0)
  /** Where the last read ended: after the message's terminator, or at the end of the input. */
  end = 0
  readonly #terminator: number
  readonly #maximum: number
  #kept: Uint8Array | undefined
  #length = 0

  /** `terminator` is a byte; `maximum` the longest message in bytes, without it. */
  constructor(terminator: number, maximum: number) {
    this.#terminator = terminator
    this.#maximum = maximum
  }

  /** Bytes kept of a message that is not complete. */
  get heldBytes(): number {
    return this.#length
  }

  /** Reads at most one message, beginning at `start`. After `too-long` the splitter is of no further use. */
  read(bytes: Uint8Array, start: number): SplitResult {
    const found = bytes.indexOf(this.#terminator, start)
    const end = found < 0 ? bytes.length : found
    if (this.#length + end - start > this.#maximum) {
      this.end = end
      this.clear()
      return 'too-long'
    }
    if (found >= 0 && this.#length === 0) {
      this.message = bytes.subarray(start, end)
      this.end = end + 1
      return 'complete'
    }
    this.#keep(bytes.subarray(start, end))
    this.end = end
    if (found < 0) return 'partial'
    this.end++
    this.message = this.takeRest()
    return 'complete'
  }

  /** What is kept of a message that will not be completed any more; the splitter forgets it. */
  takeRest(): Uint8Array {
    const rest = this.#kept?.subarray(0, this.#length) ?? new Uint8Array(0)
    this.clear()
    return rest
  }

  clear(): void {
    this.#kept = undefined
    this.#length = 0
  }

  // Twice as large each time, so that a message that comes byte by byte is copied twice at most on average.
  #keep(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length
    if (needed === 0) return
    if (this.#kept === undefined || this.#kept.length < needed) {
      const size = Math.max(smallestBuffer, needed, Math.min(2 * this.#length, this.#maximum))
      const larger = new Uint8Array(size)
      if (this.#kept !== undefined) larger.set(this.#kept.subarray(0, this.#length))
      this.#kept = larger
    }
    this.#kept.set(bytes, this.#length)
    this.#length = needed
  }
}
