import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { indexOfWord, maximumStreams, streamKey, wordAt } from '../src/payload/generator.js'

const test = suite('payload generator')

const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 })
const seeds = fc.maxSafeNat()
const connections = fc.integer({ min: 0, max: maximumStreams - 1 })
const epochs = fc.integer({ min: 0, max: 4095 })

test('every word has one index', () => {
  fc.assert(
    fc.property(uint32, seeds, connections, epochs, (index, seed, connection, epoch) => {
      const key = streamKey(seed, connection, epoch)
      assert.is(indexOfWord(wordAt(index, key), key), index)
    })
  )
})

test('no aligned word comes twice in a large sample', () => {
  const key = streamKey(7, 3, 0)
  const seen = new Set<number>()
  for (let index = 0; index < 500_000; index++) seen.add(wordAt(index, key))
  for (let index = 2 ** 31; index < 2 ** 31 + 500_000; index++) seen.add(wordAt(index, key))
  assert.is(seen.size, 1_000_000)
})

test('connections and epochs share no half of a key', () => {
  fc.assert(
    fc.property(seeds, connections, epochs, connections, epochs, (seed, one, oneEpoch, other, otherEpoch) => {
      fc.pre(one !== other || oneEpoch !== otherEpoch)
      const [a, b] = [streamKey(seed, one, oneEpoch), streamKey(seed, other, otherEpoch)]
      assert.is.not(a.key0, b.key0)
      assert.is.not(a.key1, b.key1)
    })
  )
})

test('streams of different connections differ at any displacement', () => {
  fc.assert(
    fc.property(seeds, connections, connections, uint32, uint32, (seed, one, other, index, displaced) => {
      fc.pre(one !== other)
      assert.ok(equalWords(streamKey(seed, one, 0), streamKey(seed, other, 0), index, displaced) < 8)
    })
  )
})

test('streams differ at the displacement that the first key alone would make them equal at', () => {
  // With one key, stream a at index i + (key0 of b - key0 of a) / stride is stream b at i.
  fc.assert(
    fc.property(seeds, connections, connections, (seed, one, other) => {
      fc.pre(one !== other)
      const [a, b] = [streamKey(seed, one, 0), streamKey(seed, other, 0)]
      const mixed = { key0: b.key0, key1: a.key1 }
      const displaced = indexOfWord(wordAt(0, mixed), a)
      assert.is(equalWords(a, mixed, displaced, 0), 16)
      assert.is(equalWords(a, b, displaced, 0), 0)
    })
  )
})

test('seeds make different streams', () => {
  fc.assert(
    fc.property(seeds, seeds, connections, (one, other, connection) => {
      fc.pre(one !== other)
      assert.ok(equalWords(streamKey(one, connection, 0), streamKey(other, connection, 0), 0, 0) < 4)
    })
  )
})

function equalWords(
  a: { key0: number; key1: number },
  b: { key0: number; key1: number },
  indexOfA: number,
  indexOfB: number
): number {
  let equal = 0
  for (let at = 0; at < 16; at++) if (wordAt(indexOfA + at, a) === wordAt(indexOfB + at, b)) equal++
  return equal
}

test.run()
