import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Pipe } from '../src/pipe.js'
import { lend, ordinaryArena, ScriptedSink, ScriptedSource, ScriptedUnseen, streamBytes } from './scripted-ends.js'

const test = suite('pipe, bytes that it does not look at')
const threshold = 10_000

function joined(room = Number.POSITIVE_INFINITY) {
  const arena = ordinaryArena()
  const source = new ScriptedSource()
  const sink = new ScriptedSink(room)
  const pipe = new Pipe(source, sink, arena, threshold)
  let offset = 0
  const next = (length: number) => {
    const bytes = streamBytes(offset, length)
    offset += length
    return bytes
  }
  return {
    ...{ arena, source, sink, pipe },
    read: (length: number) => lend(next(length), (block, start, count) => pipe.take(block, start, count)),
    giveUnseen: (length: number) => {
      const unseen = new ScriptedUnseen(next(length))
      pipe.takeUnseen(unseen)
      return unseen
    },
  }
}

test('are passed on whole and counted, and nothing is kept', () => {
  const { source, sink, pipe, giveUnseen } = joined()
  assert.is(giveUnseen(3000).length, 0)
  assert.equal(sink.taken, Buffer.from(streamBytes(0, 3000)))
  assert.is(pipe.bytesIn, 3000)
  assert.is(pipe.bytesOut, 3000)
  assert.is(pipe.heldBytes, 0)
  assert.is(source.demands, 1)
  assert.ok(pipe.takesUnseen)
})

test('that the sink refused are kept where they are, and count as held', () => {
  const { arena, source, pipe, giveUnseen } = joined(100)
  assert.is(giveUnseen(300).length, 200)
  assert.is(pipe.state, 'sink-blocked')
  assert.is(pipe.heldBytes, 200)
  assert.is(pipe.bytesOut, 100)
  assert.is(arena.leasedBytes, 0)
  assert.is(source.demanded, threshold - 200)
})

test('are not to be given while others wait, whether those were seen or not', () => {
  const { sink, pipe, read, giveUnseen } = joined(100)
  assert.ok(pipe.takesUnseen)
  giveUnseen(300)
  assert.not(pipe.takesUnseen)
  read(300)
  sink.room = 200
  pipe.onWritable()
  assert.not(pipe.takesUnseen)
  sink.room = 300
  pipe.onWritable()
  assert.ok(pipe.takesUnseen)
})

test('go before what was read after them, with the sink taking a little at a time', () => {
  const { arena, sink, pipe, read, giveUnseen } = joined(100)
  giveUnseen(300)
  read(500)
  assert.is(pipe.heldBytes, 700)
  for (let taken = 100; taken < 800; taken += 50) {
    sink.room = 50
    pipe.onWritable()
    assert.equal(sink.taken, Buffer.from(streamBytes(0, taken + 50)))
  }
  assert.is(pipe.state, 'flowing')
  assert.is(arena.leasedBytes, 0)
})

test('fill the pipe up to its threshold, which stops the source until some have gone', () => {
  const { source, sink, pipe, giveUnseen } = joined(0)
  giveUnseen(threshold)
  assert.is(pipe.state, 'source-blocked')
  assert.is(source.demanded, 0)
  sink.room = 10
  pipe.onWritable()
  assert.is(source.demanded, 10)
})

test('that are left when the source ends still go to the sink before its end', () => {
  const { sink, pipe, giveUnseen } = joined(0)
  giveUnseen(1000)
  pipe.onEnd()
  assert.is(pipe.state, 'draining')
  sink.room = 999
  pipe.onWritable()
  assert.not(sink.ended)
  sink.room = 1
  pipe.onWritable()
  assert.ok(sink.ended)
  assert.equal(sink.taken, Buffer.from(streamBytes(0, 1000)))
})

test('are discarded when the pipe is aborted, and when it has been', () => {
  const { pipe, giveUnseen } = joined(0)
  const kept = giveUnseen(1000)
  pipe.abort()
  assert.ok(kept.discarded)
  assert.is(pipe.heldBytes, 0)
  assert.ok(giveUnseen(1000).discarded)
  assert.is(pipe.bytesIn, 1000)
})

test.run()
