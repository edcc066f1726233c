import * as fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Commands } from '../src/kv/commands.js'
import { decimalLength, readDecimal, writeDecimal } from '../src/kv/decimal.js'
import { KeyNames } from '../src/kv/key-names.js'
import { KeySpace } from '../src/kv/key-space.js'
import { KvReply } from '../src/kv/kv-reply.js'
import type { Request } from '../src/kv/request.js'
import { flagsOf, headerBytes, ValueContent } from '../src/kv/value-content.js'
import { type Write, WriteHistory } from '../src/kv/write-history.js'
import { Zipf } from '../src/kv/zipf.js'
import { shareOf } from '../src/pacing/share.js'
import { createReferenceKernel } from '../src/payload/kernel.js'
import { PayloadMemory } from '../src/payload/payload-memory.js'

const test = suite('parts of the kv workload', { timeLimit: 60_000 })

const seed = 77
const names = new KeyNames(seed)
const values = new ValueContent(new PayloadMemory(undefined, createReferenceKernel(1024 * 1024)), seed)
const wholeSpace = new KeySpace({
  ...{ keys: 1000, target: 0, targets: 1, connections: 1 },
  share: { index: 0, count: 1 },
})

/** Repeatable numbers from 0 up to 1 (mulberry32 is none of the program's own generators). */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

for (const exponent of [0.2, 0.99, 1, 1.0000001, 1.5, 4]) {
  for (const count of [1, 2, 10, 1000]) {
    test(`Zipf's law: ${count} numbers with exponent ${exponent} come as often as they have to`, () => {
      const zipf = new Zipf(count, exponent)
      const draws = 100_000
      const random = randomFrom(count * 7 + exponent * 1000)
      const seen = new Array<number>(count).fill(0)
      for (let draw = 0; draw < draws; draw++) {
        const rank = zipf.sample(random)
        assert.ok(Number.isInteger(rank) && rank >= 0 && rank < count, `${rank}`)
        seen[rank] = (seen[rank] as number) + 1
      }
      const weights = seen.map((_, rank) => (rank + 1) ** -exponent)
      const whole = weights.reduce((sum, weight) => sum + weight, 0)
      // Pearson's chi-squared over the numbers that come often enough; the rest is one class.
      let [squares, classes, restSeen, restWanted] = [0, 0, 0, 0]
      seen.forEach((times, rank) => {
        const wanted = (draws * (weights[rank] as number)) / whole
        if (wanted < 20) {
          restSeen += times
          restWanted += wanted
        } else {
          squares += (times - wanted) ** 2 / wanted
          classes++
        }
      })
      if (restWanted >= 20) {
        squares += (restSeen - restWanted) ** 2 / restWanted
        classes++
      }
      const freedom = Math.max(0, classes - 1)
      assert.ok(squares <= freedom + 5 * Math.sqrt(2 * freedom), `${squares} over ${freedom}`)
    })
  }
}

test("Zipf's law: ten million numbers, and the edges of what random gives", () => {
  for (const exponent of [0.01, 0.5, 1, 1.2, 10]) {
    const zipf = new Zipf(10_000_000, exponent)
    // A number that is refused is followed by one that is not.
    for (const edge of [0, 2 ** -53, 0.5, 1 - 2 ** -53]) {
      let calls = 0
      const rank = zipf.sample(() => (calls++ === 0 ? edge : 0.9999))
      assert.ok(rank >= 0 && rank < 10_000_000, `${exponent} ${edge}: ${rank}`)
    }
  }
})

test('whole numbers are written and read as decimals', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(20), (value, start) => {
      const memory = new Uint8Array(64)
      const end = writeDecimal(memory, start, value)
      assert.is(Buffer.from(memory).toString('latin1', start, end), `${value}`)
      assert.is(end - start, decimalLength(value))
      assert.is(readDecimal(memory, start, end), value)
    })
  )
})

test('every key is written by exactly one thread that has a connection to its target', () => {
  const numbers = fc.record({
    ...{ targets: fc.integer({ min: 1, max: 6 }), threads: fc.integer({ min: 1, max: 4 }) },
    ...{ segments: fc.integer({ min: 1, max: 4 }), more: fc.nat(12), keys: fc.integer({ min: 16, max: 60 }) },
  })
  fc.assert(
    fc.property(numbers, fc.nat(), ({ targets, threads, segments, more, keys }, place) => {
      const connections = Math.max(targets, threads * segments) + more
      const owners = new Map<number, number>()
      for (let number = 0; number < threads * segments; number++) {
        const share = shareOf(
          { index: 1 + (number % segments), count: segments },
          Math.floor(number / segments),
          threads
        )
        for (let target = 0; target < targets; target++) {
          const own = Array.from({ length: connections }, (_, each) => each).filter(
            each => each % share.count === share.index && each % targets === target
          )
          if (own.length === 0) continue
          const space = new KeySpace({ keys, target, targets, connections, share })
          for (let ordinal = 0; ordinal < space.own; ordinal++) {
            const key = space.ownKey(ordinal)
            assert.not(owners.has(key), `${key} has two owners`)
            assert.ok(space.isOwn(key))
            owners.set(key, number)
          }
          const near = space.ownNear(place % keys)
          assert.is(owners.get(near), number)
          assert.ok(Math.abs(near - space.first - (place % keys)) < threads * segments)
        }
      }
      assert.equal(
        [...owners.keys()].sort((a, b) => a - b),
        Array.from({ length: keys * targets }, (_, key) => key)
      )
    })
  )
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

function createReply(expectHits = false): KvReply {
  const history = new WriteHistory(1000, 0, 0)
  // The latest version so far lies behind all that occur.
  history.send(999, 0, (start + 2_000_000) / 1000)
  return new KvReply({ names, values, history, space: wholeSpace, expectHits })
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

test('a command is as long as it is said to be', () => {
  fc.assert(
    fc.property(fc.nat(9_999_999), fc.nat(1_000_000), fc.nat(30 * 24 * 3600), (key, size, expiry) => {
      const commands = new Commands(names, expiry)
      const memory = Buffer.alloc(200)
      const version = start + key
      const line = commands.writeSet(memory, 0, { key, version, replaces: 0 }, { key, size, flags: 0 })
      assert.is(memory.toString('latin1', 0, line), `set kv:77:${key} ${version % 2 ** 32} ${expiry} ${size}\r\n`)
      const missing = 10 - `${version % 2 ** 32}`.length
      assert.is(commands.writeLineEnd(memory, line) + size + missing, commands.setLength(key, size))
      const get = commands.writeGet(memory, 0, key)
      assert.is(memory.toString('latin1', 0, get), `get kv:77:${key}\r\n`)
      assert.is(get, commands.getLength(key))
    })
  )
})

interface Step {
  readonly what: 'send' | 'serve' | 'receive'
  readonly connection: number
  readonly key: number
  readonly isSet: boolean
}

interface Command {
  readonly key: number
  readonly write: Write | undefined
  readonly floor: number
  shown: Write | undefined
}

const steps = fc.array(
  fc.record<Step>({
    what: fc.constantFrom('send', 'serve', 'receive'),
    ...{ connection: fc.nat(2), key: fc.constantFrom(0, 0, 0, 1), isSet: fc.boolean() },
  }),
  { minLength: 50, maxLength: 200, size: 'max' }
)

/** A store that serves one command at a time, those of a connection in order; `choose` says what a get shows. */
function simulate(steps: readonly Step[], choose: (written: readonly Write[]) => Write | undefined) {
  const history = new WriteHistory(2, 0, 0)
  const queues = Array.from({ length: 4 }, () => ({ sent: [] as Command[], served: [] as Command[] }))
  const written: Write[][] = [[], []]
  const judged: { readonly shown: Write; readonly floor: number; readonly written: readonly Write[] }[] = []
  let clock = 0
  for (const { what, connection, key, isSet } of steps) {
    const { sent, served } = queues[connection] as (typeof queues)[0]
    const commands = written[key] as Write[]
    clock++
    if (what === 'send') {
      const floor = isSet ? 0 : history.floorOf(key, connection)
      const write = isSet ? history.send(key, connection, clock) : undefined
      sent.push({ key, write, floor, shown: undefined })
    } else if (what === 'serve') {
      const command = sent.shift()
      if (command === undefined) continue
      if (command.write !== undefined) (written[command.key] as Write[]).push(command.write)
      else command.shown = choose(written[command.key] as Write[])
      served.push(command)
    } else {
      const command = served.shift()
      if (command?.write !== undefined) history.confirm(command.write)
      if (command?.shown === undefined) continue
      judged.push({ shown: command.shown, floor: command.floor, written: [...commands] })
      if (command.shown.version >= command.floor) history.see(command.shown, true)
    }
  }
  return judged
}

test('a server that does one thing after the other is never accused', () => {
  fc.assert(
    fc.property(steps, steps => {
      for (const { shown, floor } of simulate(steps, written => written.at(-1))) assert.ok(shown.version >= floor)
    }),
    { numRuns: 500 }
  )
})

test('a value that was replaced before the get was sent is stale, whoever set it', () => {
  const history = new WriteHistory(1, 0, 0)
  const first = history.send(0, 1, 1)
  history.confirm(first)
  const second = history.send(0, 2, 2)
  // On its way: either may be shown, but on its own connection.
  assert.is(history.floorOf(0, 3), first.version)
  assert.is(history.floorOf(0, 2), second.version)
  const third = history.send(0, 1, 3)
  assert.is(third.replaces, second.version)
  history.confirm(third)
  // The second may have been served last, but the first is gone for good.
  assert.is(history.floorOf(0, 3), second.version)
  assert.ok(history.floorOf(0, 3) > first.version)
  history.confirm(second)
  const fourth = history.send(0, 1, 4)
  history.see(fourth, true)
  assert.is(history.floorOf(0, 3), fourth.version)
  // A connection is answered in order: what went ahead on it is replaced as well.
  const fifth = history.send(0, 1, 5)
  assert.is(fifth.replaces, fifth.version)
  assert.is(history.floorOf(0, 1), fifth.version)
  assert.is(history.send(0, 2, 6).replaces, fourth.version)
})

test('values of an earlier run: of the past, and of a clock that was ahead', () => {
  const history = new WriteHistory(1, 0, 1_000)
  const past = { key: 0, version: 500, replaces: 500 }
  history.see(past, true)
  assert.is(history.floorOf(0, 1), 500)
  const pending = history.send(0, 1, 1_001)
  history.see({ key: 0, version: 9e9, replaces: 9e9 }, true)
  history.confirm(pending)
  assert.is(history.floorOf(0, 2), pending.version)
  assert.ok(history.send(0, 1, 1_002).version > 9e9)
})

test('a server that shows the value before the last is found out, where nothing overlaps', () => {
  const send = (isSet: boolean, connection: number): Step[] =>
    (['send', 'serve', 'receive'] as const).map(what => ({ what, connection, key: 0, isSet }))
  const steps = [send(true, 0), send(true, 1), send(false, 2), send(true, 2), send(false, 0)].flat()
  const judged = simulate(steps, written => written.at(-2))
  assert.is(judged.length, 2)
  assert.ok(judged.every(({ shown, floor }) => shown.version < floor))
})

test.run()
