/** Where what arrived is not what had to come. */
export interface Difference {
  readonly kind: 'mismatch' | 'surplus'
  /** In the whole stream, from 0. */
  readonly offset: number
  /** In the two pieces. */
  readonly at: number
  /** Empty when nothing was to come. */
  readonly expected: Buffer
  readonly actual: Buffer
}

/** The bytes that have to come back, in order, however the replies are cut. */
export class ExpectedBytes {
  /** Not yet come back, oldest first. */
  #pieces: Buffer[] = []
  #verified = 0

  /** Bytes that have come back as they should. */
  get verified(): number {
    return this.#verified
  }

  /** Behind all others. The bytes are not copied. */
  add(piece: Buffer): void {
    this.#pieces.push(piece)
  }

  /** Gives up on all that has not come back. */
  forget(): void {
    this.#pieces = []
  }

  /** Compares what arrived with what had to come; returns the first difference. Nothing behind it is looked at. */
  compare(chunk: Buffer): Difference | undefined {
    let rest = chunk
    while (rest.length > 0) {
      const [expected] = this.#pieces
      if (!expected) return { kind: 'surplus', offset: this.#verified, at: 0, expected: Buffer.alloc(0), actual: rest }
      const length = Math.min(expected.length, rest.length)
      if (expected.compare(rest, 0, length, 0, length) !== 0) return this.#mismatch(expected, rest)
      this.#verified += length
      rest = rest.subarray(length)
      if (length === expected.length) this.#pieces.shift()
      else this.#pieces[0] = expected.subarray(length)
    }
    return undefined
  }

  #mismatch(expected: Buffer, actual: Buffer): Difference {
    let at = 0
    while (expected[at] === actual[at]) at++
    return { kind: 'mismatch', offset: this.#verified + at, at, expected, actual }
  }
}
