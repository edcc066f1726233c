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

  /** Takes a message of `size` bytes out of it. False when nothing is left; the last message may exceed the bytes. */
  take(size: number): boolean {
    if (this.exhausted) return false
    this.#requests--
    this.#bytes -= size
    return true
  }
}
