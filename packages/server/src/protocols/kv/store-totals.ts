const uniqueOffset = 8

/**
 * What a store knows of all its items together: the bytes that they take, and the last of the numbers that tell the
 * versions of items apart. Read when a transaction begins, and written once when it ends.
 */
export class StoreTotals {
  #bytes = 0
  #unique = 0
  changed = false
  readonly #record = Buffer.alloc(2 * uniqueOffset)

  get bytes(): number {
    return this.#bytes
  }

  /** A number that no version of any item has had. */
  get nextUnique(): number {
    return this.#unique + 1
  }

  /** The record of the store; undefined in a new one. One without a number is older than the numbers: `least` is free. */
  read(record: Buffer | undefined, least: number): void {
    this.#bytes = record?.readDoubleLE(0) ?? 0
    this.#unique = record !== undefined && record.length > uniqueOffset ? record.readDoubleLE(uniqueOffset) : least
    this.changed = false
  }

  /** Valid until the next call: lmdb asks for the address of each new memory, which costs more than to write it. */
  get record(): Buffer {
    this.#record.writeDoubleLE(this.#bytes)
    this.#record.writeDoubleLE(this.#unique, uniqueOffset)
    return this.#record
  }

  add(bytes: number): void {
    this.#bytes += bytes
    this.changed = true
  }

  takeUnique(): void {
    this.#unique++
    this.changed = true
  }

  /** There are no items any more; their numbers are not used again. */
  clear(): void {
    this.#bytes = 0
    this.changed = true
  }
}
