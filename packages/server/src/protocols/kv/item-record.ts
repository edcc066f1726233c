/** Bytes of a record before the value: flags, expiry, unique number, time of storing. */
const headerLength = 32

const expiryOffset = 8
const casOffset = 16
const storedOffset = 24

/** Records up to this size are put together in the same memory again and again. */
const keptScratch = 2 * 1024 * 1024

/** What is known of an item beside its value. Times in milliseconds since 1970. */
export interface ItemHeader {
  readonly flags: number
  /** 0 for never. */
  readonly expiry: number
  /** A number that no other version of any item has. */
  readonly cas: number
  readonly stored: number
}

export interface Item extends ItemHeader {
  readonly value: Uint8Array
}

/** An item out of the bytes that the store holds for it. The value is a view of them. */
export function readItem(record: Buffer): Item {
  return {
    flags: record.readUInt32LE(0),
    expiry: record.readDoubleLE(expiryOffset),
    cas: record.readDoubleLE(casOffset),
    stored: record.readDoubleLE(storedOffset),
    value: record.subarray(headerLength),
  }
}

/** Puts records together. */
export class RecordWriter {
  #scratch = Buffer.alloc(4096)

  /** The bytes for an item whose value has the given parts. Valid until the next call. */
  write(header: ItemHeader, parts: readonly Uint8Array[]): Buffer {
    const length = parts.reduce((sum, part) => sum + part.length, headerLength)
    const record = this.#memory(length)
    record.fill(0, 0, headerLength)
    record.writeUInt32LE(header.flags, 0)
    record.writeDoubleLE(header.expiry, expiryOffset)
    record.writeDoubleLE(header.cas, casOffset)
    record.writeDoubleLE(header.stored, storedOffset)
    let at = headerLength
    for (const part of parts) {
      record.set(part, at)
      at += part.length
    }
    return record
  }

  #memory(length: number): Buffer {
    if (length > keptScratch) return Buffer.alloc(length)
    if (length > this.#scratch.length) this.#scratch = Buffer.alloc(Math.min(keptScratch, 2 * length))
    return this.#scratch.subarray(0, length)
  }
}
