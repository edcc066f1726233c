// Numbers as memcached's text protocol writes them: decimal, without a sign unless said otherwise.

const digits = /^\d{1,20}$/
const signedDigits = /^-?\d{1,10}$/
const largest32 = 2 ** 32 - 1
const largestSigned32 = 2 ** 31 - 1
const largest64 = 2n ** 64n - 1n

/** 32 bits. */
export function flagsOf(word: string | undefined): number | undefined {
  if (word === undefined || !digits.test(word)) return undefined
  const value = Number(word)
  return value <= largest32 ? value : undefined
}

/** 32 bits with a sign. */
export function exptimeOf(word: string | undefined): number | undefined {
  if (word === undefined || !signedDigits.test(word)) return undefined
  const value = Number(word)
  return Math.abs(value) <= largestSigned32 ? value : undefined
}

/** 31 bits. */
export function lengthOf(word: string | undefined): number | undefined {
  const value = exptimeOf(word)
  return value !== undefined && value >= 0 ? value : undefined
}

/** 64 bits. Ours stay below 2^53, so that what is lost beyond it equals none of them. */
export function uniqueOf(word: string | undefined): number | undefined {
  const value = deltaOf(word)
  return value === undefined ? undefined : Number(value)
}

/** 64 bits. */
export function deltaOf(word: string | undefined): bigint | undefined {
  if (word === undefined || !digits.test(word)) return undefined
  const value = BigInt(word)
  return value <= largest64 ? value : undefined
}

/** What can be counted with: the digits that a value consists of, and the spaces that memcached leaves after them. */
export function countedOf(value: string): bigint | undefined {
  return deltaOf(value.trimEnd())
}

/** Counts up past 2^64 from 0 again, and down no further than 0. */
export function counted(value: bigint, direction: 'incr' | 'decr', delta: bigint): bigint {
  if (direction === 'incr') return BigInt.asUintN(64, value + delta)
  return delta > value ? 0n : value - delta
}

/** Seconds of thirty days: a larger exptime is a time since 1970. */
const longestRelative = 60 * 60 * 24 * 30

/** When an item with an exptime ends, in milliseconds since 1970: 0 for never, 1 for long ago. */
export function expiry(exptime: number, now: number): number {
  if (exptime === 0) return 0
  if (exptime < 0) return 1
  return exptime <= longestRelative ? now + exptime * 1000 : exptime * 1000
}
