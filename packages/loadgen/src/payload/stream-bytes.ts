/**
 * The payload of a stream, byte by byte: the definition that payload.wat implements for the hot path.
 *
 * A stream is a sequence of blocks. Each is the same pattern under a mask of two 32-bit words, which take turns: the
 * words number `2 * block` and `2 * block + 1` of the stream's key (generator.ts), all different. So a chunk that is
 * lost, repeated or swapped cannot be mistaken for the right one anywhere, a few bytes tell where they belong, and any
 * byte can be computed alone; yet a byte costs a single operation, where mixing anew for each word costs three times as
 * much. All words are little-endian.
 */
import { type StreamKey, scramble, streamKey, wordAt } from './generator.js'

/** Bytes of the pattern: little beside a cache of 32 KiB. */
export const blockBytes = 4096

/** Bytes after which a stream changes its key (8 TiB), having used up its words. */
export const epochBytes = 2 ** 31 * blockBytes

export const wordBytes = 4

/** Words of a block under one and the same word of the mask are so many apart. */
export const maskWords = 2

/** The words that all blocks have in common. No two that are `maskWords` apart differ by the same bits. */
export const pattern: Uint32Array = Uint32Array.from({ length: blockBytes / wordBytes }, (_, at) => scramble(~at))

/** A word of the pattern by the offset of its first byte, in a block or in a whole stream. */
function patternAt(offset: number): number {
  return pattern[(offset % blockBytes) / wordBytes] as number
}

/** Which word of the stream's key masks the word at `offset`, which is below `epochBytes`. */
export function maskIndex(offset: number): number {
  return maskWords * Math.floor(offset / blockBytes) + ((offset / wordBytes) % maskWords)
}

/** The word of the mask under which `word` stands at `offset`, and the other way round: the word under that mask. */
export function maskOf(word: number, offset: number): number {
  return (word ^ patternAt(offset)) >>> 0
}

/** The word at `offset`, below `epochBytes` and a multiple of 4, as an unsigned number. */
export function wordAtOffset(offset: number, key: StreamKey): number {
  return maskOf(wordAt(maskIndex(offset), key), offset)
}

/** Byte number `offset` of a connection's stream. */
export function byteAt(seed: number, connection: number, offset: number): number {
  const key = streamKey(seed, connection, Math.floor(offset / epochBytes))
  const within = offset % epochBytes
  const phase = within % wordBytes
  return (wordAtOffset(within - phase, key) >>> (phase * 8)) & 0xff
}
