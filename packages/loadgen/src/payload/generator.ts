/**
 * Numbers that look random and can be computed each alone: the source of all that a run generates.
 *
 * Word number `index` is a bijection of the index under two keys, so that none comes twice, and can be told from its
 * value. The keys act at different depths. With the first alone, every sequence would be a displaced copy of every
 * other.
 */

/** What distinguishes one sequence of words from all others. Two 32-bit numbers. */
export interface StreamKey {
  readonly key0: number
  readonly key1: number
}

/** Streams that can run side by side without ever sharing a key: connection numbers stay below it. */
export const maximumStreams = 2 ** 20

// Odd constants without structure: the first is 2^32 divided by the golden ratio, the second spreads a change of one
// input bit over the upper half of the product.
const stride = 0x9e3779b1
const multiplier = 0xd35a2d97
const strideInverse = inverse(stride)
const multiplierInverse = inverse(multiplier)

/** The number that undoes a 32-bit multiplication by `odd`: Newton's iteration, which doubles the right bits each time. */
function inverse(odd: number): number {
  let result = odd
  for (let round = 0; round < 4; round++) result = Math.imul(result, 2 - Math.imul(odd, result))
  return result
}

/** A bijection of 32-bit numbers that leaves no trace of their order. */
export function scramble(value: number): number {
  let x = value
  x = Math.imul(x ^ (x >>> 16), multiplier)
  x = Math.imul(x ^ (x >>> 15), stride)
  return x ^ (x >>> 16)
}

/**
 * The key of a connection's stream in an epoch. For one seed no two keys share a half, as long as there are fewer than
 * `maximumStreams` connections and 4096 epochs.
 */
export function streamKey(seed: number, connection: number, epoch: number): StreamKey {
  const stream = (connection + epoch * maximumStreams) | 0
  const low = scramble(seed | 0)
  const high = scramble(Math.floor(seed / 2 ** 32) ^ low)
  return { key0: scramble(stream ^ low) | 0, key1: scramble((scramble(stream) + high) | 0) | 0 }
}

/** Word number `index` (below 2^32) as an unsigned number. */
export function wordAt(index: number, key: StreamKey): number {
  let x = (Math.imul(index, stride) + key.key0) | 0
  x = x ^ (x >>> 15) ^ key.key1
  x = Math.imul(x, multiplier)
  return (x ^ (x >>> 16)) >>> 0
}

/** The index of the one word that has this value: the inverse of `wordAt`. */
export function indexOfWord(word: number, key: StreamKey): number {
  return Math.imul(unmixed(word, key.key1) - key.key0, strideInverse) >>> 0
}

/** The one first half of a key with which word number `index` has this value, where the second half is known. */
export function key0OfWord(word: number, index: number, key1: number): number {
  return (unmixed(word, key1) - Math.imul(index, stride)) | 0
}

function unmixed(word: number, key1: number): number {
  const x = Math.imul(word ^ (word >>> 16), multiplierInverse) ^ key1
  return x ^ (x >>> 15) ^ (x >>> 30)
}
