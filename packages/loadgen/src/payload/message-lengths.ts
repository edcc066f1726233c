import { type StreamKey, streamKey, wordAt } from './generator.js'

/** An epoch whose bytes are beyond the reach of any run: its words choose the lengths. */
const lengthEpoch = 4095

/** The lengths of one connection's messages: the same for the same seed. */
export class MessageLengths {
  readonly #minimum: number
  readonly #choices: number
  readonly #key: StreamKey
  #message = 0

  constructor(seed: number, connection: number, size: { readonly minimum: number; readonly maximum: number }) {
    this.#minimum = size.minimum
    this.#choices = size.maximum - size.minimum + 1
    this.#key = streamKey(seed, connection, lengthEpoch)
  }

  /** Bytes of the next message. */
  next(): number {
    if (this.#choices === 1) return this.#minimum
    const share = wordAt(this.#message++, this.#key) / 2 ** 32
    return this.#minimum + Math.floor(share * this.#choices)
  }
}
