import type { ItemStore } from './item-store.js'

/**
 * The snapshot that the reads of a turn share. It is taken when the first of them is made, and all have come by then:
 * so each sees what had been answered to anybody before it was asked for.
 */
export class TurnReads {
  readonly #store: ItemStore
  /** Clients that are to be answered at the end of the turn. */
  #waiting = 0
  /** Somebody has asked since the snapshot was taken. */
  #stale = false

  constructor(store: ItemStore) {
    this.#store = store
  }

  /** A client has asked for something. */
  announce(): void {
    this.#waiting++
    this.#stale = true
  }

  /** A client that waits is about to be answered. */
  begin(): void {
    if (!this.#stale) return
    this.#stale = false
    this.#store.release()
  }

  /** It has been answered. The last one gives the snapshot up, so that it is not held while the loop sleeps. */
  end(): void {
    if (--this.#waiting === 0) this.#store.release()
  }
}
