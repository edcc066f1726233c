import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Pipe } from '../src/pipe.js'
import {
  blockSize,
  lend,
  ordinaryArena,
  ScriptedSink,
  ScriptedSource,
  ScriptedUnseen,
  streamBytes,
} from './scripted-ends.js'

const test = suite('pipe, any script', { timeLimit: 60_000 })

const step = fc.oneof(
  // The source reads: as much as it was asked for, or less.
  fc.record({
    kind: fc.constant('read' as const),
    wanted: fc.integer({ min: 1, max: 3 * blockSize }),
    /** Where the pipe takes such bytes. */
    unseen: fc.boolean(),
  }),
  // The sink has room for some more; when it had refused, it says so, now or later.
  fc.record({
    kind: fc.constant('room' as const),
    bytes: fc.integer({ min: 0, max: 3 * blockSize }),
    told: fc.boolean(),
  }),
  // The sink passes on a share of what it has pending; when that is all, it says so.
  fc.record({ kind: fc.constant('pass' as const), share: fc.constantFrom(0.3, 1) })
)

const script = fc.record({
  threshold: fc.integer({ min: 1, max: 5 * blockSize }),
  keepsPending: fc.boolean(),
  /** Reads take no notice of how much was asked for, only of whether. */
  unboundedReads: fc.boolean(),
  steps: fc.array(step, { maxLength: 60 }),
  ending: fc.constantFrom('end', 'abort'),
})

type Script = typeof script extends fc.Arbitrary<infer T> ? T : never

/** Plays a script, checking what must hold after every step. */
function play({ threshold, keepsPending, unboundedReads, steps, ending }: Script): void {
  const arena = ordinaryArena()
  const source = new ScriptedSource()
  const sink = new ScriptedSink(0, { keepsPending })
  const pipe = new Pipe(source, sink, arena, threshold)
  let sent = 0
  let longestRead = 0
  const allUnseen: ScriptedUnseen[] = []

  const give = (bytes: Uint8Array, asUnseen: boolean) => {
    if (!asUnseen || !pipe.takesUnseen) {
      lend(bytes, (block, start, count) => pipe.take(block, start, count))
      return
    }
    const unseen = new ScriptedUnseen(bytes)
    allUnseen.push(unseen)
    pipe.takeUnseen(unseen)
  }
  const read = (wanted: number, unseen: boolean) => {
    if (source.demanded === 0) return
    const length = unboundedReads ? wanted : Math.min(wanted, source.demanded)
    longestRead = Math.max(longestRead, length)
    give(streamBytes(sent, length), unseen)
    sent += length
  }
  const giveRoom = (bytes: number, told: boolean) => {
    sink.room += bytes
    if (!told || !sink.refused || sink.room === 0) return
    sink.refused = false
    pipe.onWritable()
  }
  const pass = (bytes: number) => {
    if (bytes === 0) return
    sink.pass(bytes)
    if (sink.pendingBytes === 0) pipe.onWritable()
  }
  const unseenBytes = () => allUnseen.reduce((sum, { length }) => sum + length, 0)
  const check = () => {
    const limit = unboundedReads ? threshold - 1 + longestRead : threshold
    assert.ok(pipe.heldBytes <= limit, `${pipe.heldBytes} held with a threshold of ${threshold}`)
    assert.ok(arena.leasedBytes <= Math.ceil(limit / blockSize + 1) * blockSize, `${arena.leasedBytes} leased`)
    assert.is(pipe.bytesIn, sent)
    assert.is(pipe.bytesOut + pipe.heldBytes, sent)
    assert.is(source.demanded, Math.max(0, threshold - pipe.heldBytes))
    assert.is(pipe.state === 'source-blocked', source.demanded === 0)
    if (arena.leasedBytes === 0) assert.is(pipe.heldBytes, sink.pendingBytes + unseenBytes())
  }

  for (const action of steps) {
    if (action.kind === 'read') read(action.wanted, action.unseen)
    else if (action.kind === 'room') giveRoom(action.bytes, action.told)
    else pass(Math.ceil(sink.pendingBytes * action.share))
    // Between a share and the whole nobody is told, and the demand may lag behind.
    if (sink.pendingBytes === 0) check()
    assert.equal(sink.taken, Buffer.from(streamBytes(0, sink.taken.length)))
  }
  if (ending === 'end') {
    pipe.onEnd()
    giveRoom(sent, true)
    assert.equal(sink.taken, Buffer.from(streamBytes(0, sent)))
    assert.ok(sink.ended)
  } else {
    pipe.abort()
    assert.ok(source.aborted && sink.aborted && !sink.ended)
  }
  assert.is(pipe.state, 'closed')
  assert.is(arena.leasedBytes, 0)
  assert.is(unseenBytes(), 0)
}

test('gives the same bytes in order, holds at most the threshold, and returns all memory', () => {
  fc.assert(fc.property(script, play), { numRuns: 2000 })
})

test('a pipe that is given room for everything empties, whatever came before', () => {
  fc.assert(
    fc.property(script, ({ threshold, steps }) => {
      const arena = ordinaryArena()
      const sink = new ScriptedSink(0)
      const source = new ScriptedSource()
      const pipe = new Pipe(source, sink, arena, threshold)
      let sent = 0
      for (const action of steps) {
        if (action.kind !== 'read' || source.demanded === 0) continue
        const length = Math.min(action.wanted, source.demanded)
        lend(streamBytes(sent, length), (block, start, count) => pipe.take(block, start, count))
        sent += length
      }
      sink.room = Number.POSITIVE_INFINITY
      pipe.onWritable()
      assert.is(pipe.state, 'flowing')
      assert.is(source.demanded, threshold)
      assert.is(arena.leasedBytes, 0)
      assert.equal(sink.taken, Buffer.from(streamBytes(0, sent)))
    }),
    { numRuns: 300 }
  )
})

test.run()
