import type { Item } from './item-record.js'

/** A value that outlives the next call of the store, for as long as somebody holds it. */
export interface SharedValue {
  readonly bytes: Uint8Array
  /** To be called once by each who got it. */
  release(): void
}

class Held implements SharedValue {
  readonly bytes: Uint8Array
  holders = 0
  readonly #forget: () => void

  constructor(bytes: Uint8Array, forget: () => void) {
    this.bytes = bytes
    this.#forget = forget
  }

  release(): void {
    if (--this.holders === 0) this.#forget()
  }
}

/**
 * Copies of large values for clients that read slowly: all who read the same version of an item share one, so that a
 * crowd that asks for it and does not read costs a threshold each and the value once.
 */
export class SharedValues {
  readonly #held = new Map<string, Held>()

  /** Those that are held now. */
  get size(): number {
    return this.#held.size
  }

  /** A copy of an item's value; the same one as long as somebody holds it. */
  hold(key: string, { cas, value }: Item): SharedValue {
    const name = `${cas} ${key}`
    let held = this.#held.get(name)
    if (held === undefined) {
      held = new Held(new Uint8Array(value), () => this.#held.delete(name))
      this.#held.set(name, held)
    }
    held.holders++
    return held
  }
}
