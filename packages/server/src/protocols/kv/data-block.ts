import { ascii } from '../ascii.js'
import { GrowingBuffer } from '../growing-buffer.js'

/** - `partial`: there is more to come. - `bad`: as much as was announced, and then no end of line. */
export type BlockResult = 'partial' | 'complete' | 'bad'

const nothing = new Uint8Array(0)

/** Bytes of the end that a value is followed by. */
const terminatorLength = 2

/**
 * Reads the value that follows a command line: as many bytes as it announced, and CRLF, or LF alone from people at a
 * terminal. A value that came in one piece is not copied.
 */
export class DataBlock {
  /** After `complete`: the value. */
  value: Uint8Array = nothing
  /** Whether the value is memory of its own; else it is valid until the input is taken back. */
  isOwn = false
  /** Where the last read ended in its input. */
  end = 0
  readonly #length: number
  /** What has come; undefined where nobody wants the value. */
  readonly #kept: GrowingBuffer | undefined
  #seen = 0
  /** The byte after the value, once it has come. */
  #terminator: number | undefined

  /** `keep` is false for a value that is only to be passed over. */
  constructor(length: number, keep: boolean) {
    this.#length = length
    this.#kept = keep ? new GrowingBuffer() : undefined
  }

  /** Bytes of the value that are kept here. */
  get heldBytes(): number {
    return this.#kept?.length ?? 0
  }

  read(bytes: Uint8Array, start: number): BlockResult {
    const valueEnd = Math.min(bytes.length, start + this.#length - this.#seen)
    const part = bytes.subarray(start, valueEnd)
    this.#seen += part.length
    this.end = valueEnd
    const result = this.#seen < this.#length ? 'partial' : this.#readTerminator(bytes)
    if (this.#kept === undefined) return result
    if (result === 'complete' && this.#kept.length === 0) this.value = part
    else this.#kept.append(part, this.#length)
    if (result === 'complete' && this.#kept.length > 0) {
      this.value = this.#kept.take()
      this.isOwn = true
    }
    return result
  }

  #readTerminator(bytes: Uint8Array): BlockResult {
    for (let read = this.#terminator === undefined ? 0 : 1; read < terminatorLength; read++) {
      const byte = bytes[this.end]
      if (byte === undefined) return 'partial'
      this.end++
      if (byte === ascii.lineFeed && (read === 0 || this.#terminator === ascii.carriageReturn)) return 'complete'
      this.#terminator = byte
    }
    return 'bad'
  }
}
