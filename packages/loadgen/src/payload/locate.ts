import { byteAt, epochBytes, indexOfWord, streamKey } from './generator.js'

/** A place in the payload of a run. */
export interface Place {
  readonly connection: number
  readonly offset: number
}

/** Bytes that have to agree before a place is believed: chance hits are then one in 2^64 for each place tried. */
export const locatableBytes = 12

/**
 * Finds where in a connection's stream some bytes come from, below offset `limit`. A stream is a bijection of its word
 * numbers, so this computes the place from the bytes instead of searching for it. Needs `locatableBytes` bytes from
 * `start` on.
 */
export function locate(
  bytes: Uint8Array,
  start: number,
  seed: number,
  connection: number,
  limit: number
): Place | undefined {
  if (bytes.length - start < locatableBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // Bytes from the end of one epoch may have their first whole word in the next.
  for (let epoch = 0; epoch * epochBytes < limit + 3; epoch++) {
    const key = streamKey(seed, connection, epoch)
    for (let skipped = 0; skipped < 4; skipped++) {
      const index = indexOfWord(view.getUint32(start + skipped, true), key)
      const offset = epoch * epochBytes + index * 4 - skipped
      if (offset < 0 || offset >= limit) continue
      if (agrees(bytes, start, seed, connection, offset)) return { connection, offset }
    }
  }
  return undefined
}

function agrees(bytes: Uint8Array, start: number, seed: number, connection: number, offset: number): boolean {
  for (let at = 0; at < locatableBytes; at++) {
    if (bytes[start + at] !== byteAt(seed, connection, offset + at)) return false
  }
  return true
}
