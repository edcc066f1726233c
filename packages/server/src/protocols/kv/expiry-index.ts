import type { Database } from 'lmdb'

const timeLength = 8
const noValue = Buffer.alloc(0)

/** The keys of items that end, in the order in which they do. All calls belong inside a change of the store. */
export class ExpiryIndex {
  readonly #entries: Database<Buffer, Uint8Array>

  constructor(entries: Database<Buffer, Uint8Array>) {
    this.#entries = entries
  }

  /** `expiry` in milliseconds since 1970; 0 for an item that never ends, which has no entry. */
  add(key: Uint8Array, expiry: number): void {
    if (expiry !== 0) this.#entries.putSync(entryOf(key, expiry), noValue)
  }

  remove(key: Uint8Array, expiry: number): void {
    if (expiry !== 0) this.#entries.removeSync(entryOf(key, expiry))
  }

  /** The keys of items that have ended by a time, at most so many, the longest ended first. */
  endedBy(time: number, most: number): Uint8Array[] {
    const range = this.#entries.getKeys({ end: entryOf(noValue, time), limit: most })
    return Array.from(range, entry => new Uint8Array(entry).subarray(timeLength))
  }

  clear(): void {
    this.#entries.clearSync()
  }
}

/** Positive doubles are in the same order as their bytes, the highest first (IEEE 754). */
function entryOf(key: Uint8Array, expiry: number): Buffer {
  const entry = Buffer.alloc(timeLength + key.length)
  entry.writeDoubleBE(expiry)
  entry.set(key, timeLength)
  return entry
}
