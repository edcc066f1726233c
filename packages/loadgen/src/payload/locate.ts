import { indexOfWord, type StreamKey, streamKey } from './generator.js'
import { blockBytes, byteAt, epochBytes, maskIndex, maskOf, maskWords, pattern, wordBytes } from './stream-bytes.js'

/** A place in the payload of a run. */
export interface Place {
  readonly connection: number
  readonly offset: number
}

/** Words that are needed: two under the same word of the mask tell where in a block they stand. */
const neededWords = maskWords + 1

/**
 * Bytes that have to agree before a place is believed: as many as it takes when the first word is not whole, and the
 * next ones belong to different blocks.
 */
export const locatableBytes = (1 + (neededWords - 1) + neededWords) * wordBytes

/** Where in a block a word stands that differs so from the next one under the same word of the mask. */
const placeOfDifference = new Map(
  Array.from(pattern.subarray(maskWords), (word, at) => [(word ^ (pattern[at] as number)) >>> 0, at] as const)
)

/**
 * Finds where in a connection's stream some bytes come from, below offset `limit`. The words of masks are a bijection of
 * their numbers, so this computes the place from the bytes instead of searching for it. Needs `locatableBytes` bytes
 * from `start` on.
 */
export function locate(
  bytes: Uint8Array,
  start: number,
  seed: number,
  connection: number,
  limit: number
): Place | undefined {
  if (bytes.length - start < locatableBytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, locatableBytes)
  // The first whole block of a place just below an epoch's end belongs to the next epoch.
  for (let epoch = 0; epoch * epochBytes - locatableBytes < limit; epoch++) {
    const key = streamKey(seed, connection, epoch)
    for (let skipped = 0; skipped + neededWords * wordBytes <= locatableBytes; skipped++) {
      const within = offsetOfWord(view, skipped, key)
      if (within === undefined) continue
      const offset = epoch * epochBytes + within - skipped
      if (offset < 0 || offset >= limit) continue
      if (agrees(bytes, start, seed, connection, offset)) return { connection, offset }
    }
  }
  return undefined
}

/** Where in an epoch the word at `at` stands, if one stands there and those that are needed are of one block. */
function offsetOfWord(view: DataView, at: number, key: StreamKey): number | undefined {
  const word = view.getUint32(at, true)
  const place = placeOfDifference.get((word ^ view.getUint32(at + maskWords * wordBytes, true)) >>> 0)
  if (place === undefined) return undefined
  const within = place * wordBytes
  const mask = indexOfWord(maskOf(word, within), key)
  const offset = Math.floor(mask / maskWords) * blockBytes + within
  return maskIndex(offset) === mask ? offset : undefined
}

function agrees(bytes: Uint8Array, start: number, seed: number, connection: number, offset: number): boolean {
  for (let at = 0; at < locatableBytes; at++) {
    if (bytes[start + at] !== byteAt(seed, connection, offset + at)) return false
  }
  return true
}
