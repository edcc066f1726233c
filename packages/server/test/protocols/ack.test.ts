import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { openAck } from '../../src/protocols/ack/ack.js'
import { inPieces } from './pieces.js'
import { converse, converseToEnd, ScriptedOutput } from './scripted-output.js'
import { client, workerContext } from './worker-context.js'

const test = suite('ack', { timeLimit: 60_000 })

function start(limits = {}) {
  const context = workerContext('ack', limits)
  return { context, session: openAck(context).createSession(client), output: new ScriptedOutput() }
}

function say(...texts: string[]) {
  const started = start({ maxMessage: 20 })
  converse(
    started.session,
    started.output,
    texts.map(text => Buffer.from(text, 'latin1'))
  )
  return started
}

test('each message is answered', () => {
  const { output, session } = say('one\x03two\x03\x03th')
  assert.is(output.take(), 'ackackack')
  assert.ok(session.inMessage)
  assert.is(session.heldBytes, 2)
})

test('goodbye closes, and is not answered', () => {
  for (const pieces of [['hello\x03goodbye\x03more\x03'], ['hello\x03good', 'bye', '\x03']]) {
    const { output, context } = say(...pieces)
    assert.is(output.take(), 'ack')
    assert.ok(output.closed)
    assert.equal(context.lines, [])
  }
  assert.is(say('goodbye!\x03').output.take(), 'ack')
  assert.is(say('Goodbye\x03').output.take(), 'ack')
})

test('the limit, and a byte above 127, have a clear end, a log line and a counter', () => {
  assert.is(say(`${'x'.repeat(20)}\x03`).output.take(), 'ack')
  const long = say(`${'x'.repeat(21)}\x03`)
  assert.is(long.output.take(), 'ERROR message longer than 20 bytes\n')
  assert.ok(long.output.closed)
  assert.is(long.context.counters.total('tooLong'), 1)
  const foreign = say('ok\x03caf\xe9')
  assert.is(foreign.output.take(), 'ackERROR a byte above 127 in a message that has to be ASCII\n')
  assert.ok(foreign.output.closed)
  assert.is(foreign.context.counters.total('refused'), 1)
  assert.equal(foreign.context.lines, ['127.0.0.1:50000: a byte above 127 in a message that has to be ASCII; closed'])
})

test('a last message without its end is refused', () => {
  const { session, output } = start()
  converseToEnd(session, output, [Buffer.from('one\x03tw'), Buffer.from('o')])
  assert.is(output.take(), 'ackERROR the last message has no end (ETX)\n')
})

const streams = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 25 }).map(text => `${text}\x03`) },
      { weight: 1, arbitrary: fc.constantFrom('goodbye\x03', '\xff', 'abc\x80\x03', `${'x'.repeat(30)}`) }
    )
  )
  .map(parts => Buffer.from(parts.join(''), 'latin1'))

test('any stream, cut in any way, with any delay and threshold, gets the same answer', () => {
  const outputs = fc.record({ delayed: fc.boolean(), threshold: fc.constantFrom(1, 10, Number.POSITIVE_INFINITY) })
  fc.assert(
    fc.property(inPieces(streams), outputs, (pieces, options) => {
      const whole = start({ maxMessage: 20 })
      converseToEnd(whole.session, whole.output, [Buffer.concat(pieces)])
      const cut = start({ maxMessage: 20 })
      const output = new ScriptedOutput(options)
      converseToEnd(cut.session, output, pieces)
      assert.is(output.take(), whole.output.take())
      assert.equal(cut.context.lines, whole.context.lines)
      assert.ok(output.closed)
    }),
    { numRuns: 1000 }
  )
})

test.run()
