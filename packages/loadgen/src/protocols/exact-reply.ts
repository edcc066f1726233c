import { grouped } from '../grouped.js'
import { mismatchBytes } from '../payload/mismatch.js'
import type { ExpectedReply, ReplyFault } from './expected-reply.js'

/** Bytes shown before the first difference. */
const before = 32

/** A reply whose every byte is known. */
export class ExactReply implements ExpectedReply {
  readonly #expected: Buffer
  #matched = 0
  #wrong = false

  constructor(expected: Buffer) {
    this.#expected = expected
  }

  get state(): 'incomplete' | 'right' | 'wrong' {
    if (this.#wrong) return 'wrong'
    return this.#matched === this.#expected.length ? 'right' : 'incomplete'
  }

  get taken(): Uint8Array {
    return this.#expected.subarray(0, this.#matched)
  }

  read(bytes: Uint8Array, start: number): number {
    const from = this.#matched
    const length = Math.min(this.#expected.length - from, bytes.length - start)
    const right = this.#rightBytes(bytes, start, length)
    this.#wrong = right < length
    this.#matched += right
    return start + right
  }

  #rightBytes(bytes: Uint8Array, start: number, length: number): number {
    const from = this.#matched
    if (this.#expected.compare(bytes, start, start + length, from, from + length) === 0) return length
    let at = 0
    while (bytes[start + at] === this.#expected[from + at]) at++
    return at
  }

  fault(offset: number, rest: Uint8Array): ReplyFault {
    const first = offset + this.#matched
    const from = Math.max(0, this.#matched - before)
    const shown = Buffer.from(rest.subarray(0, mismatchBytes))
    const expected = this.#expected.subarray(from, this.#matched + shown.length)
    const [wanted, got] = [this.#expected[this.#matched], shown[0]].map(byteText)
    const explanation = `byte ${grouped(this.#matched)} of a reply of ${grouped(this.#expected.length)} has to be ${wanted}, got ${got}`
    return {
      story: `wrong bytes at offset ${grouped(first)}: ${explanation}`,
      mismatch: {
        offset: first,
        windowStart: offset + from,
        expected: expected.toString('hex'),
        received: this.#expected.toString('hex', from, this.#matched) + shown.toString('hex'),
        explanation,
      },
    }
  }
}

function byteText(byte: number | undefined): string {
  return byte === undefined ? 'nothing' : `0x${byte.toString(16).padStart(2, '0')}`
}
