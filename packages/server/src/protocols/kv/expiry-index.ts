import type { Database } from 'lmdb'
import { leastKey } from './latin1-keys.js'

const timeLength = 8
const time = Buffer.alloc(timeLength)
const noValue = Buffer.alloc(0)

/** The keys of items that end, in the order in which they do. All calls belong inside a change of the store. */
export class ExpiryIndex {
  readonly #entries: Database<Buffer, string>

  constructor(entries: Database<Buffer, string>) {
    this.#entries = entries
  }

  /** `expiry` in milliseconds since 1970; 0 for an item that never ends, which has no entry. */
  add(key: string, expiry: number): void {
    if (expiry !== 0) this.#entries.putSync(entryOf(key, expiry), noValue)
  }

  remove(key: string, expiry: number): void {
    if (expiry !== 0) this.#entries.removeSync(entryOf(key, expiry))
  }

  /** The keys of items that have ended by a time, at most so many, the longest ended first. */
  endedBy(time: number, most: number): string[] {
    const range = this.#entries.getKeys({ start: leastKey, end: entryOf('', time), limit: most })
    return Array.from(range, entry => entry.slice(timeLength))
  }

  clear(): void {
    this.#entries.clearSync()
  }
}

/** Positive doubles are in the same order as their bytes, the highest first (IEEE 754). */
function entryOf(key: string, expiry: number): string {
  time.writeDoubleBE(expiry)
  return time.toString('latin1') + key
}
