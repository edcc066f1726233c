/** A first-in first-out queue of numbers below `capacity`, each at most once in it. Allocates nothing after its birth. */
export class IdQueue {
  readonly #ids: Int32Array
  readonly #queued: Uint8Array
  #first = 0
  #length = 0

  constructor(capacity: number) {
    this.#ids = new Int32Array(capacity)
    this.#queued = new Uint8Array(capacity)
  }

  get length(): number {
    return this.#length
  }

  /** Puts a number at the end, unless it is in the queue already. */
  add(id: number): void {
    if (this.#queued[id] === 1) return
    this.#queued[id] = 1
    this.#ids[(this.#first + this.#length) % this.#ids.length] = id
    this.#length++
  }

  /** Takes the first number; only when there is one. */
  take(): number {
    const id = this.#ids[this.#first] as number
    this.#first = (this.#first + 1) % this.#ids.length
    this.#length--
    this.#queued[id] = 0
    return id
  }
}
