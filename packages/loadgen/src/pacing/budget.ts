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
   * Takes a message of `size` bytes out of it, if it counts, and says whether it may begin: not when it counts and nothing
   * is left. The last message may exceed the bytes. Computes the same whether it counts or not: see `SampleWriter`.
   */
  take(size: number, counts: boolean): boolean {
    const left = !this.exhausted
    const share = left && counts ? 1 : 0
    this.#requests -= share
    this.#bytes -= share * size
    return left || !counts
  }
}
