import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { maximumStreams, streamKey } from '../src/payload/generator.js'
import {
  blockBytes,
  byteAt,
  epochBytes,
  maskIndex,
  maskOf,
  maskWords,
  pattern,
  wordAtOffset,
  wordBytes,
} from '../src/payload/stream-bytes.js'

const test = suite('stream bytes')

const seeds = fc.maxSafeNat()
const connections = fc.integer({ min: 0, max: maximumStreams - 1 })
const wordOffsets = fc.nat({ max: epochBytes / wordBytes - 1 }).map(word => word * wordBytes)

test('words of the pattern differ, and so do the differences between neighbours under the same word of a mask', () => {
  assert.is(new Set(pattern).size, blockBytes / wordBytes)
  const differences = Array.from(pattern.subarray(maskWords), (word, at) => word ^ (pattern[at] as number))
  assert.is(new Set(differences).size, differences.length)
})

test('the same place of another block has other words, and the mask tells which block it is', () => {
  fc.assert(
    fc.property(seeds, connections, wordOffsets, wordOffsets, (seed, connection, one, other) => {
      const moved = Math.floor(other / blockBytes) * blockBytes + (one % blockBytes)
      fc.pre(moved !== one)
      const key = streamKey(seed, connection, 0)
      assert.is.not(wordAtOffset(one, key), wordAtOffset(moved, key))
      assert.is.not(maskIndex(one), maskIndex(moved))
      const [mask, movedMask] = [one, moved].map(offset => maskOf(wordAtOffset(offset, key), offset))
      assert.is.not(mask, movedMask)
      const alike = Math.floor(one / blockBytes) * blockBytes + ((one % blockBytes) % (maskWords * wordBytes))
      assert.is(maskOf(wordAtOffset(alike, key), alike), mask)
    })
  )
})

test('the same place of another connection, or under another seed, has other words nearly everywhere', () => {
  fc.assert(
    fc.property(seeds, seeds, connections, connections, wordOffsets, (seed, otherSeed, one, other, offset) => {
      fc.pre(one !== other && seed !== otherSeed)
      const from = Math.min(offset, epochBytes - 16 * wordBytes)
      const words = (key: ReturnType<typeof streamKey>) =>
        Array.from({ length: 16 }, (_, at) => wordAtOffset(from + at * wordBytes, key))
      const own = words(streamKey(seed, one, 0))
      for (const stranger of [streamKey(seed, other, 0), streamKey(otherSeed, one, 0)]) {
        assert.ok(words(stranger).filter((word, at) => word === own[at]).length < 16)
      }
    })
  )
})

test('no 16 bytes come twice in a large sample, at whatever displacement', () => {
  const key = streamKey(7, 3, 0)
  const seen = new Set<string>()
  const words = 200_000
  const farAway = epochBytes / 2
  for (const start of [0, farAway]) {
    const recent: number[] = []
    for (let at = 0; at < words; at++) {
      recent.push(wordAtOffset(start + at * wordBytes, key))
      if (recent.length > 4) recent.shift()
      if (recent.length === 4) seen.add(recent.join())
    }
  }
  assert.is(seen.size, 2 * (words - 3))
})

test('bytes are the words, lowest first, and go on beyond an epoch', () => {
  const seed = 11
  for (const [epoch, offset] of [
    [0, 0],
    [0, 4 * 12_345],
    [1, epochBytes],
    [3, 3 * epochBytes + 4 * 777],
  ] as const) {
    const word = wordAtOffset(offset % epochBytes, streamKey(seed, 5, epoch))
    const bytes = [0, 1, 2, 3].map(at => byteAt(seed, 5, offset + at))
    assert.is(Buffer.from(bytes).readUInt32LE(), word)
  }
})

test('all byte values are about equally frequent', () => {
  const counts = new Array(256).fill(0)
  for (let offset = 0; offset < 256 * 1024; offset++) counts[byteAt(1, 0, offset)]++
  assert.ok(Math.min(...counts) > 800, `rarest: ${Math.min(...counts)}`)
  assert.ok(Math.max(...counts) < 1250, `most frequent: ${Math.max(...counts)}`)
})

test.run()
