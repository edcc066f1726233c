import * as fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { KeyNames } from '../src/kv/key-names.js'
import { KeySpace } from '../src/kv/key-space.js'
import { KvReply } from '../src/kv/kv-reply.js'
import type { Request } from '../src/kv/request.js'
import { flagsOf, headerBytes, ValueContent } from '../src/kv/value-content.js'
import { type Write, WriteHistory } from '../src/kv/write-history.js'
import { createReferenceKernel } from '../src/payload/kernel.js'
import { PayloadMemory } from '../src/payload/payload-memory.js'

const test = suite('kv replies', { timeLimit: 60_000 })

const seed = 77
const names = new KeyNames(seed)
const values = new ValueContent(new PayloadMemory(undefined, createReferenceKernel(1024 * 1024)), seed)
const wholeSpace = new KeySpace({
  ...{ keys: 1000, target: 0, targets: 1, connections: 1 },
  share: { index: 0, count: 1 },
})

/** A value as a set sends it. */
function bytesOf({ key, version, replaces }: Write, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  const item = { key, flags: flagsOf(version), size }
  if (size < headerBytes) values.fill(bytes, 0, size, 0, item)
  else {
    values.writeHeader(bytes, 0, { key, version, replaces, size })
    values.fill(bytes, headerBytes, size - headerBytes, headerBytes, item)
  }
  return bytes
}

function replyTo({ write }: Request, found: Write | undefined, size: number): Buffer {
  if (write !== undefined) return Buffer.from('STORED\r\n')
  if (found === undefined) return Buffer.from('END\r\n')
  const line = `VALUE ${names.text(found.key)} ${flagsOf(found.version)} ${size}\r\n`
  return Buffer.concat([Buffer.from(line), bytesOf(found, size), Buffer.from('\r\nEND\r\n')])
}

const start = 1_700_000_000_000_000

/** A request for key 5, and what a right server may say: the value of some set, nothing, or that it was stored. */
const exchange = fc
  .record({
    kind: fc.constantFrom('set', 'hit', 'hit', 'miss'),
    size: fc.oneof(fc.integer({ min: 8, max: 60 }), fc.integer({ min: 8, max: 3000 })),
    age: fc.nat(1_000_000),
  })
  .map(({ kind, size, age }) => {
    const write: Write = { key: 5, version: start + age, replaces: start }
    const request: Request = {
      ...{ key: 5, floor: kind === 'hit' ? start : 0, due: -1, sentAt: 0, preload: false },
      write: kind === 'set' ? write : undefined,
    }
    const bytes = replyTo(request, kind === 'hit' ? write : undefined, size)
    return { request, bytes, kind }
  })

function createReply(): KvReply {
  const history = new WriteHistory(1000, 0, 0)
  // The latest version so far lies behind all that occur.
  history.send(999, 0, (start + 2_000_000) / 1000)
  return new KvReply({ names, values, history, space: wholeSpace, expectHits: false })
}

/** Feeds a stream in pieces; returns the kinds of the replies, and how many bytes were taken before one was wrong. */
function feed(exchanges: readonly { request: Request }[], stream: Buffer, places: readonly number[]) {
  const reply = createReply()
  const kinds: string[] = []
  const ends = [...new Set([...places.filter(place => place < stream.length), stream.length])].sort((a, b) => a - b)
  let at = 0
  let begin = 0
  const [first] = exchanges
  if (first !== undefined) reply.expect(first.request)
  for (const end of ends) {
    // Memory that changes afterwards, as a block does.
    const piece = Buffer.from(stream.subarray(at, end))
    for (let within = 0; within < piece.length; ) {
      const next = reply.read(piece, within)
      at += next - within
      within = next
      if (reply.state === 'wrong') return { kinds, fault: reply.fault(begin, stream.subarray(at, at + 64)) }
      if (reply.state !== 'right') continue
      kinds.push(reply.request.write !== undefined ? 'set' : reply.hit ? 'hit' : 'miss')
      begin = at
      const following = exchanges[kinds.length]
      if (following === undefined) return { kinds, fault: undefined }
      reply.expect(following.request)
    }
    piece.fill(0)
  }
  return { kinds, fault: undefined }
}

test('replies are recognised wherever the reads cut them', () => {
  fc.assert(
    fc.property(
      fc.array(exchange, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(6000), { maxLength: 12 }),
      fc.boolean(),
      (exchanges, places, byByte) => {
        const stream = Buffer.concat(exchanges.map(({ bytes }) => bytes))
        const { kinds, fault } = feed(exchanges, stream, byByte ? Array.from(stream.keys()) : places)
        assert.is(fault, undefined)
        assert.equal(
          kinds,
          exchanges.map(({ kind }) => kind)
        )
      }
    )
  )
})

test('no byte of a reply can change unnoticed, and in a value its offset is told', () => {
  fc.assert(
    fc.property(
      fc.array(exchange, { minLength: 1, maxLength: 3 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.array(fc.nat(6000), { maxLength: 6 }),
      (exchanges, where, change, places) => {
        const stream = Buffer.concat(exchanges.map(({ bytes }) => bytes))
        const at = where % stream.length
        stream[at] = (stream[at] as number) ^ change
        const { kinds, fault } = feed(exchanges, stream, places)
        assert.ok(fault !== undefined || kinds.length < exchanges.length, 'it went unnoticed')
        let begin = 0
        const changed = exchanges.find(({ bytes }) => {
          begin += bytes.length
          return at < begin
        })
        begin -= changed?.bytes.length ?? 0
        const line = (changed?.bytes.indexOf('\n') ?? 0) + 1
        if (changed?.kind !== 'hit' || at < begin + line) return
        assert.is(fault?.mismatch?.offset, at)
        assert.match(fault?.story as string, /key kv:77:5/)
        const [wanted, got] = [fault?.mismatch?.expected, fault?.mismatch?.received].map(hex =>
          Buffer.from(hex as string, 'hex')
        )
        const shown = at - (fault?.mismatch?.windowStart as number)
        assert.is((wanted?.[shown] as number) ^ (got?.[shown] as number), change)
      }
    )
  )
})

test('a value of another key, of another length, or of two sets', () => {
  const write = { key: 5, version: start + 9, replaces: start + 9 }
  const request: Request = { key: 5, write: undefined, floor: 0, due: -1, sentAt: 0, preload: false }
  const line = (size: number) => Buffer.from(`VALUE kv:77:5 ${flagsOf(write.version)} ${size}\r\n`)
  const storyOf = (size: number, bytes: Buffer) => {
    const stream = Buffer.concat([line(size), bytes, Buffer.from('\r\nEND\r\n')])
    return feed([{ request }], stream, []).fault?.story ?? 'right'
  }
  assert.is(storyOf(500, bytesOf(write, 500)), 'right')
  assert.match(storyOf(500, bytesOf({ ...write, key: 6 }, 500)), /key kv:77:5, byte 12 of 500: .*another key.*kv:77:6/)
  assert.match(storyOf(300, bytesOf(write, 500).subarray(0, 300)), /a part came of a value of 500 bytes/)
  for (const [size, whole] of [
    [8, 20],
    [20, 21],
    [20, 300],
  ] as const) {
    assert.match(storyOf(size, bytesOf(write, whole).subarray(0, size)), /byte \d of/)
  }
  const older = bytesOf({ ...write, version: start + 3, replaces: start + 3 }, 500)
  for (const at of [25, 100, 128, 301]) {
    const torn = Buffer.concat([bytesOf(write, 500).subarray(0, at), older.subarray(at)])
    assert.match(storyOf(500, torn), new RegExp(`byte ${at}.? of 500: from here on come the bytes of another set`))
  }
  assert.match(
    storyOf(500, Buffer.concat([bytesOf(write, 500).subarray(0, 10), older.subarray(10)])),
    /byte \d+ of 500/
  )
})

test.run()
