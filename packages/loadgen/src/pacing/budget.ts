/** How much may still be begun. */
export class Budget {
  #requests: number
  #bytes: number

  /** Infinity where there is no limit. */
  constructor({ requests, bytes }: { readonly requests: number; readonly bytes: number }) {
    this.#requests = requests
    this.#bytes = bytes
  }

  /** Nothing more may begin. */
  get exhausted(): boolean {
    return this.#requests <= 0 || this.#bytes <= 0
  }

  /**
   * Takes a message of `size` bytes out of it, unless it does not count: warm-up does all that measuring does. False when
   * nothing is left; the last message may exceed the bytes.
   */
  take(size: number, counts: boolean): boolean {
    if (this.exhausted) return false
    const share = counts ? 1 : 0
    this.#requests -= share
    this.#bytes -= share * size
    return true
  }
}
