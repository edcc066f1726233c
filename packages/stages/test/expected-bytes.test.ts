import * as fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { ExpectedBytes } from '../src/expected-bytes.js'

const test = suite('expected bytes', { timeLimit: 20_000 })

const content = fc.uint8Array({ minLength: 1, maxLength: 300 })
const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 20 })

/** The bytes in pieces of these lengths, again and again. */
function cut(bytes: Uint8Array, lengths: readonly number[]): Buffer[] {
  const pieces: Buffer[] = []
  let [at, turn] = [0, 0]
  while (at < bytes.length) {
    const length = lengths[turn++ % lengths.length] as number
    pieces.push(Buffer.from(bytes.subarray(at, at + length)))
    at += length
  }
  return pieces
}

/** What was expected in some pieces comes in others. */
function compare(sent: Uint8Array, sentCuts: number[], received: Uint8Array, receivedCuts: number[]) {
  const expected = new ExpectedBytes()
  for (const piece of cut(sent, sentCuts)) expected.add(piece)
  for (const piece of cut(received, receivedCuts)) {
    const difference = expected.compare(piece)
    if (difference) return { expected, difference }
  }
  return { expected, difference: undefined }
}

test('the same bytes are verified, however they are cut', () => {
  fc.assert(
    fc.property(content, cuts, cuts, (bytes, sentCuts, receivedCuts) => {
      const { expected, difference } = compare(bytes, sentCuts, bytes, receivedCuts)
      assert.is(difference, undefined)
      assert.is(expected.verified, bytes.length)
    })
  )
})

test('an altered byte is found where it is', () => {
  fc.assert(
    fc.property(content, cuts, cuts, fc.nat(), fc.integer({ min: 1, max: 255 }), (bytes, one, other, place, change) => {
      const offset = place % bytes.length
      const altered = Uint8Array.from(bytes)
      altered[offset] = (bytes[offset] as number) ^ change
      const { difference } = compare(bytes, one, altered, other)
      assert.is(difference?.kind, 'mismatch')
      assert.is(difference?.offset, offset)
      assert.is(difference?.expected[difference.at], bytes[offset])
      assert.is(difference?.actual[difference.at], altered[offset])
    })
  )
})

test('bytes that nobody waits for are a surplus', () => {
  fc.assert(
    fc.property(content, cuts, cuts, fc.uint8Array({ minLength: 1, maxLength: 20 }), (bytes, one, other, more) => {
      const { difference } = compare(bytes, one, Buffer.concat([bytes, more]), other)
      assert.is(difference?.kind, 'surplus')
      assert.is(difference?.offset, bytes.length)
    })
  )
})

test.run()
