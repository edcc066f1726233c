import { GrowingBuffer } from './growing-buffer.js'

/** What a read of the splitter came to. */
export type SplitResult = 'complete' | 'partial' | 'too-long'

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
  readonly #kept = new GrowingBuffer()

  /** `terminator` is a byte; `maximum` the longest message in bytes, without it. */
  constructor(terminator: number, maximum: number) {
    this.#terminator = terminator
    this.#maximum = maximum
  }

  /** Bytes kept of a message that is not complete. */
  get heldBytes(): number {
    return this.#kept.length
  }

  /** Reads at most one message, beginning at `start`. After `too-long` the splitter is of no further use. */
  read(bytes: Uint8Array, start: number): SplitResult {
    const found = bytes.indexOf(this.#terminator, start)
    const end = found < 0 ? bytes.length : found
    if (this.#kept.length + end - start > this.#maximum) {
      this.end = end
      this.clear()
      return 'too-long'
    }
    if (found >= 0 && this.#kept.length === 0) {
      this.message = bytes.subarray(start, end)
      this.end = end + 1
      return 'complete'
    }
    this.#kept.append(bytes.subarray(start, end), this.#maximum)
    this.end = end
    if (found < 0) return 'partial'
    this.end++
    this.message = this.takeRest()
    return 'complete'
  }

  /** What is kept of a message that will not be completed any more; the splitter forgets it. */
  takeRest(): Uint8Array {
    return this.#kept.take()
  }

  clear(): void {
    this.#kept.clear()
  }
}
