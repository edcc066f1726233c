import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Pipe } from '../src/pipe.js'
import { blockSize, lend, ordinaryArena, ScriptedSink, ScriptedSource, streamBytes } from './scripted-ends.js'

const test = suite('pipe')
const threshold = 10_000

function joined(sink = new ScriptedSink(Number.POSITIVE_INFINITY)) {
  const arena = ordinaryArena()
  const source = new ScriptedSource()
  const pipe = new Pipe(source, sink, arena, threshold)
  let offset = 0
  const read = (length: number) => {
    lend(streamBytes(offset, length), (block, start, count) => pipe.take(block, start, count))
    offset += length
  }
  return { arena, source, sink, pipe, read }
}

test('asks the source for one threshold at birth', () => {
  const { source, pipe } = joined()
  assert.is(source.demanded, threshold)
  assert.is(pipe.state, 'flowing')
})

test('flowing: passes a read on whole, keeps nothing, and does not ask anew', () => {
  const { arena, source, sink, pipe, read } = joined()
  read(300)
  read(threshold * 3)
  assert.is(pipe.state, 'flowing')
  assert.equal(sink.taken, Buffer.from(streamBytes(0, 300 + threshold * 3)))
  assert.is(pipe.heldBytes, 0)
  assert.is(arena.leasedBytes, 0)
  assert.is(source.demands, 1)
  assert.is(pipe.bytesIn, 300 + threshold * 3)
  assert.is(pipe.bytesOut, 300 + threshold * 3)
})

test('sink-blocked: keeps what the sink refused, and asks the source for what there is room for', () => {
  const { arena, source, sink, pipe, read } = joined(new ScriptedSink(100))
  read(300)
  assert.is(pipe.state, 'sink-blocked')
  assert.is(pipe.heldBytes, 200)
  assert.is(arena.leasedBytes, blockSize)
  assert.is(source.demanded, threshold - 200)
  assert.is(pipe.bytesIn, 300)
  assert.is(pipe.bytesOut, 100)
  assert.equal(sink.taken, Buffer.from(streamBytes(0, 100)))
})

test('sink-blocked: what comes later queues behind, even when the sink would take it', () => {
  const { sink, pipe, read } = joined(new ScriptedSink(100))
  read(300)
  sink.room = 1000
  read(50)
  assert.is(sink.taken.length, 100)
  pipe.onWritable()
  assert.equal(sink.taken, Buffer.from(streamBytes(0, 350)))
})

test('sink-blocked: flows again when the sink has taken everything, and gives its memory back', () => {
  const { arena, source, sink, pipe, read } = joined(new ScriptedSink(0))
  read(blockSize + 500)
  sink.room = blockSize
  pipe.onWritable()
  assert.is(pipe.state, 'sink-blocked')
  assert.is(pipe.heldBytes, 500)
  sink.room = 1000
  pipe.onWritable()
  assert.is(pipe.state, 'flowing')
  assert.is(pipe.heldBytes, 0)
  assert.is(arena.leasedBytes, 0)
  assert.is(source.demanded, threshold)
  assert.equal(sink.taken, Buffer.from(streamBytes(0, blockSize + 500)))
})

test('source-blocked: asks for nothing at the threshold, and again for what has drained', () => {
  const { source, sink, pipe, read } = joined(new ScriptedSink(0))
  read(threshold - 1)
  assert.is(pipe.state, 'sink-blocked')
  assert.is(source.demanded, 1)
  read(1)
  assert.is(pipe.state, 'source-blocked')
  assert.is(source.demanded, 0)
  sink.room = 700
  pipe.onWritable()
  assert.is(pipe.state, 'sink-blocked')
  assert.is(source.demanded, 700)
})

test('source-blocked: keeps a read that went over the threshold, and waits until it has gone', () => {
  const { source, sink, pipe, read } = joined(new ScriptedSink(0))
  read(threshold + 5000)
  assert.is(pipe.state, 'source-blocked')
  assert.is(source.demanded, 0)
  sink.room = 5000
  pipe.onWritable()
  assert.is(pipe.state, 'source-blocked')
  sink.room = threshold
  pipe.onWritable()
  assert.is(pipe.state, 'flowing')
  assert.equal(sink.taken, Buffer.from(streamBytes(0, threshold + 5000)))
})

test('source-blocked: counts what the sink has accepted and not passed on', () => {
  const sink = new ScriptedSink(Number.POSITIVE_INFINITY, { keepsPending: true })
  const { arena, source, pipe, read } = joined(sink)
  read(threshold)
  assert.is(pipe.state, 'source-blocked')
  assert.is(source.demanded, 0)
  assert.is(pipe.heldBytes, threshold)
  assert.is(pipe.bytesOut, 0)
  assert.is(arena.leasedBytes, 0, 'nothing was refused')
  sink.pass(threshold)
  pipe.onWritable()
  assert.is(pipe.state, 'flowing')
  assert.is(source.demanded, threshold)
  assert.is(pipe.bytesOut, threshold)
})

test('draining: gives the sink what is held after the end of the source, then ends it', () => {
  const { arena, sink, pipe, read } = joined(new ScriptedSink(0))
  read(1000)
  pipe.onEnd()
  assert.is(pipe.state, 'draining')
  assert.not(sink.ended)
  sink.room = 999
  pipe.onWritable()
  assert.is(pipe.state, 'draining')
  assert.not(sink.ended)
  sink.room = 1
  pipe.onWritable()
  assert.is(pipe.state, 'closed')
  assert.ok(sink.ended)
  assert.not(sink.aborted)
  assert.is(arena.leasedBytes, 0)
  assert.equal(sink.taken, Buffer.from(streamBytes(0, 1000)))
})

test('draining: leaves pending bytes to the sink, which ends after them', () => {
  const { sink, pipe, read } = joined(new ScriptedSink(1000, { keepsPending: true }))
  read(1000)
  pipe.onEnd()
  assert.is(pipe.state, 'closed')
  assert.ok(sink.ended)
  assert.is(pipe.heldBytes, 1000)
})

test('closed: at once when the source ends with nothing held; later events change nothing', () => {
  const { source, sink, pipe, read } = joined()
  read(10)
  pipe.onEnd()
  assert.is(pipe.state, 'closed')
  assert.ok(sink.ended)
  pipe.onWritable()
  pipe.onEnd()
  assert.is(pipe.state, 'closed')
  assert.is(source.demands, 1)
})

test('closed: by abort from every other state, with both ends aborted and all memory returned', () => {
  const states = {
    flowing: () => joined(),
    'sink-blocked': () => {
      const pair = joined(new ScriptedSink(0))
      pair.read(100)
      return pair
    },
    'source-blocked': () => {
      const pair = joined(new ScriptedSink(0))
      pair.read(threshold)
      return pair
    },
    draining: () => {
      const pair = joined(new ScriptedSink(0))
      pair.read(100)
      pair.pipe.onEnd()
      return pair
    },
  }
  for (const [state, reach] of Object.entries(states)) {
    const { arena, source, sink, pipe } = reach()
    assert.is(pipe.state, state)
    pipe.abort()
    assert.is(pipe.state, 'closed')
    assert.ok(source.aborted && sink.aborted, state)
    assert.not(sink.ended, 'an aborted stream must not look complete')
    assert.is(arena.leasedBytes, 0, state)
    assert.is(pipe.heldBytes, 0, state)
    pipe.onWritable()
    assert.is(pipe.state, 'closed')
  }
})

test('a source that gives far more than it was asked for is a fault, not a loss', () => {
  const { read } = joined(new ScriptedSink(0))
  assert.throws(() => read(threshold + 2 * 1024 * 1024), /asked for/)
})

test.run()
