import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { windowText } from '../src/mismatch-text.js'
import { parseCharset } from '../src/payload/charset.js'
import { locatableBytes, locate } from '../src/payload/locate.js'
import { describeMismatch, type Mismatch, mismatchBytes } from '../src/payload/mismatch.js'
import { PayloadMemory } from '../src/payload/payload-memory.js'
import { PayloadStream } from '../src/payload/payload-stream.js'
import { blockBytes, byteAt, epochBytes } from '../src/payload/stream-bytes.js'

const test = suite('mismatch')

const memory = new PayloadMemory(undefined)
const seed = 42
const stream = new PayloadStream(memory, { seed, connection: 3, charset: undefined })

function bytesOf(connection: number, offset: number, length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, at) => byteAt(seed, connection, offset + at)))
}

function describe(offset: number, received: Buffer, sent = 10_000_000, others: [number, number][] = []): Mismatch {
  return describeMismatch(stream, offset, sent, received, others)
}

test('bytes are located wherever they come from', () => {
  const anywhere = fc.oneof(
    fc.nat({ max: 1e6 }),
    fc.maxSafeNat().map(offset => offset % (8 * epochBytes)),
    // Where one block ends and the next begins.
    fc.tuple(fc.integer({ min: 1, max: 1e6 }), fc.nat(30)).map(([block, before]) => block * blockBytes - before)
  )
  fc.assert(
    fc.property(anywhere, fc.nat(1000), fc.nat(20), (offset, connection, before) => {
      const bytes = Buffer.concat([Buffer.alloc(before, 0xaa), bytesOf(connection, offset, locatableBytes)])
      assert.equal(locate(bytes, before, seed, connection, offset + 1), { connection, offset })
      assert.is(locate(bytes, before, seed, connection, offset), undefined)
      assert.is(locate(bytes, before, seed, connection + 1, Number.MAX_SAFE_INTEGER / 2 ** 16), undefined)
    }),
    // The last bytes of an epoch, in which nothing tells where it stands any more.
    { examples: [1, 2, 3, 8, 11, 12].map(before => [8 * epochBytes - before, 0, 0]) }
  )
})

test('tells an altered byte', () => {
  const received = bytesOf(3, 65_536, mismatchBytes)
  received[0] = (received[0] as number) ^ 0x20
  const { explanation, offset, windowStart, expected, received: shown } = describe(65_536, received)
  const right = byteAt(seed, 3, 65_536)
  const wrong = right ^ 0x20
  const hex = (byte: number) => `0x${byte.toString(16).padStart(2, '0')}`
  assert.is(explanation, `one byte was altered (sent ${hex(right)}, got ${hex(wrong)}); the next ones are right`)
  assert.is(offset, 65_536)
  assert.is(windowStart, 65_536 - 32)
  assert.is(expected, bytesOf(3, 65_536 - 32, 96).toString('hex'))
  assert.is(shown, bytesOf(3, 65_536 - 32, 32).toString('hex') + received.toString('hex'))
})

test('tells several altered bytes', () => {
  const received = bytesOf(3, 999, mismatchBytes)
  received.fill(0, 0, 5)
  assert.match(describe(999, received).explanation, /^up to 5 bytes in a row were altered/)
})

test('tells inserted bytes', () => {
  const inserted = (count: number) =>
    Buffer.concat([Buffer.alloc(count, 'x'), bytesOf(3, 5_000, mismatchBytes - count)])
  const { explanation } = describe(5_000, inserted(1))
  assert.is(explanation, '1 byte that was never sent came in between; the next ones are right')
  assert.match(describe(5_000, inserted(3)).explanation, /^3 bytes that were never sent came in between/)
})

test('tells lost bytes', () => {
  const { explanation } = describe(4_097, bytesOf(3, 4_097 + 65_536, mismatchBytes))
  assert.is(explanation, '65,536 bytes are missing: the stream goes on at offset 69,633')
  assert.match(describe(7, bytesOf(3, 8, mismatchBytes)).explanation, /^1 byte is missing/)
})

test('tells repeated bytes', () => {
  const { explanation } = describe(5_000, bytesOf(3, 1_001, mismatchBytes))
  assert.is(explanation, '3,999 bytes earlier in the stream came again, from offset 1,001 on')
})

test('tells the bytes of another connection', () => {
  const others: [number, number][] = [
    [2, 500],
    [17, 5_000],
  ]
  const { explanation } = describe(100, bytesOf(17, 400, mismatchBytes), 10_000, others)
  assert.is(explanation, 'the bytes of another connection came: number 17, offset 400')
})

test('tells what came beyond the end', () => {
  assert.is(describe(100, Buffer.from('surplus'), 100).explanation, 'more came back than was sent')
  assert.match(
    describe(100, bytesOf(3, 36, 64), 100).explanation,
    /^more came back than was sent: 64 bytes earlier in the stream came again/
  )
  assert.is(describe(100, Buffer.from('surplus'), 100).expected.length, 2 * 32)
})

test('tells zeros, and admits what it does not recognise', () => {
  assert.is(describe(50, Buffer.alloc(mismatchBytes)).explanation, 'zeros came instead')
  assert.match(describe(50, Buffer.alloc(mismatchBytes, 'x')).explanation, /got 0x78; .* not recognisable$/)
  assert.match(describe(50, Buffer.from([byteAt(seed, 3, 50) ^ 1])).explanation, /^sent 0x.. got 0x..|not recognisable/)
})

test('works at the beginning, and for streams with a charset', () => {
  assert.is(describe(0, Buffer.alloc(8, 'x')).windowStart, 0)
  const hex = new PayloadStream(memory, { seed, connection: 3, charset: parseCharset('hex') })
  const received = Buffer.alloc(mismatchBytes, 'x')
  const { expected } = describeMismatch(hex, 10, 1_000, received, [])
  assert.match(Buffer.from(expected, 'hex').toString(), /^[0-9a-f]{74}$/)
})

test('shows both sides in hex and ASCII, with the differences marked', () => {
  const text = windowText({
    offset: 20,
    windowStart: 10,
    expected: Buffer.from('abcdefghijKLMNOPQRST').toString('hex'),
    received: Buffer.from('abcdefghijkLMNO\u0001').toString('hex'),
    explanation: '',
  })
  assert.is(
    text,
    [
      '            0  expected                                61 62 63 64 65 66  |          abcdef|',
      '               received                                61 62 63 64 65 66  |          abcdef|',
      '           16  expected  67 68 69 6a 4b 4c 4d 4e 4f 50 51 52 53 54        |ghijKLMNOPQRST  |',
      '               received  67 68 69 6a 6b 4c 4d 4e 4f 01                    |ghijkLMNO.      |',
      '                                     ^^             ^^',
    ].join('\n')
  )
})

test.run()
