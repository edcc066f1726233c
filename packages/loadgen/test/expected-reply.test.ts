import * as fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { ExactReply } from '../src/protocols/exact-reply.js'
import type { ExpectedReply } from '../src/protocols/expected-reply.js'
import { LineReply } from '../src/protocols/line-reply.js'

const test = suite('expected replies', { timeLimit: 30_000 })

const bytes = fc.uint8Array({ minLength: 1, maxLength: 60 }).map(array => Buffer.from(array))
const text = fc.uint8Array({ maxLength: 40 }).map(array => Buffer.from(array.filter(byte => byte !== 10)))
const cuts = fc.array(fc.nat(100), { maxLength: 8 })

/** Feeds the stream in pieces, and returns how many bytes the reply took. */
function feed(reply: ExpectedReply, stream: Buffer, places: readonly number[]): number {
  const ends = [...new Set([...places.filter(place => place < stream.length), stream.length])].sort((a, b) => a - b)
  let taken = 0
  for (const end of ends) {
    const piece = stream.subarray(taken, end)
    const at = reply.read(piece, 0)
    taken += at
    if (reply.state !== 'incomplete') return taken
    assert.is(at, piece.length)
  }
  return taken
}

test('an exact reply is recognised wherever the reads cut it, and leaves what follows', () => {
  fc.assert(
    fc.property(bytes, bytes, cuts, (expected, next, places) => {
      const reply = new ExactReply(expected)
      assert.is(feed(reply, Buffer.concat([expected, next]), places), expected.length)
      assert.is(reply.state, 'right')
      assert.equal(Buffer.from(reply.taken), expected)
    })
  )
})

test('an exact reply finds the first wrong byte wherever the reads cut it', () => {
  fc.assert(
    fc.property(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), cuts, (expected, where, change, places) => {
      const at = where % expected.length
      const stream = Buffer.from(expected)
      stream[at] = (stream[at] as number) ^ change
      const reply = new ExactReply(expected)
      assert.is(feed(reply, stream, places), at)
      assert.is(reply.state, 'wrong')
      const { mismatch } = reply.fault(1_000, stream.subarray(at))
      assert.is(mismatch?.offset, 1_000 + at)
      const from = (mismatch?.windowStart as number) - 1_000
      assert.is(mismatch?.received, stream.toString('hex', from))
      assert.is(mismatch?.expected, expected.toString('hex', from))
    })
  )
})

test('a line is judged whole wherever the reads cut it, and leaves what follows', () => {
  fc.assert(
    fc.property(text, bytes, cuts, (line, next, places) => {
      let judged: string | undefined
      const reply = new LineReply('line', 1_000, seen => {
        judged = seen
        return undefined
      })
      assert.is(feed(reply, Buffer.concat([line, Buffer.of(10), next]), places), line.length + 1)
      assert.is(reply.state, 'right')
      assert.is(judged, line.toString())
    })
  )
})

test('a line that does not end is wrong', () => {
  const reply = new LineReply('greeting', 100, () => undefined)
  reply.read(Buffer.alloc(100, 'a'), 0)
  assert.is(reply.state, 'incomplete')
  reply.read(Buffer.from('a'), 0)
  assert.is(reply.state, 'wrong')
  assert.match(reply.fault(0, Buffer.alloc(0)).story, /^the greeting "a+" has no newline in 100 bytes$/)
})

test.run()
