import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { ProtocolSession } from '../../src/protocols/protocol.js'
import { openReverse } from '../../src/protocols/reverse/reverse.js'
import { inPieces } from './pieces.js'
import { converse, converseToEnd, ScriptedOutput } from './scripted-output.js'
import { client, type TestContext, workerContext } from './worker-context.js'

const test = suite('reverse', { timeLimit: 60_000 })

interface Options {
  readonly unit?: 'line' | 'chunk'
  readonly allowExit?: boolean
  readonly context?: TestContext
}

function session({ unit = 'line', allowExit = false, context = workerContext('reverse') }: Options = {}) {
  return openReverse({ name: 'reverse', unit, allowExit }, context).createSession(client)
}

function say(to: ProtocolSession, ...texts: string[]): ScriptedOutput {
  const output = new ScriptedOutput()
  converse(to, output, texts.map(Buffer.from))
  return output
}

/** What the protocol promises, said in another way. */
function reversedLines(bytes: Uint8Array): Buffer {
  const text = Buffer.from(bytes).toString('latin1')
  const reversed = text.split('\n').map(line => [...line].reverse().join(''))
  return Buffer.from(reversed.join('\n'), 'latin1')
}

test('a line comes back reversed; its newline stays last', () => {
  assert.is(say(session(), 'hello\nworld\n\nab').take(), 'olleh\ndlrow\n\n')
})

test('a last line without newline is answered at FIN', () => {
  const output = new ScriptedOutput()
  converseToEnd(session(), output, [Buffer.from('one\nla'), Buffer.from('st')])
  assert.is(output.take(), 'eno\ntsal')
  assert.ok(output.closed)
})

const streams = fc
  .array(fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constant(Buffer.from('\n')), fc.constant(Buffer.from('exit\n'))))
  .map(parts => Buffer.concat(parts))

test('any bytes, cut in any way, with any delay and threshold, give the same answer', () => {
  const outputs = fc.record({ delayed: fc.boolean(), threshold: fc.constantFrom(1, 10, Number.POSITIVE_INFINITY) })
  fc.assert(
    fc.property(inPieces(streams), outputs, (pieces, options) => {
      const output = new ScriptedOutput(options)
      const tested = session()
      converseToEnd(tested, output, pieces)
      assert.equal(output.written, reversedLines(Buffer.concat(pieces)))
      assert.ok(output.closed)
      assert.is(tested.heldBytes, 0)
    }),
    { numRuns: 1000 }
  )
})

test('chunks come back reversed as they came', () => {
  fc.assert(
    fc.property(inPieces(streams), fc.boolean(), (pieces, delayed) => {
      const output = new ScriptedOutput({ delayed })
      converseToEnd(session({ unit: 'chunk' }), output, pieces)
      assert.equal(output.written, Buffer.concat(pieces.map(piece => Buffer.from(piece).reverse())))
    }),
    { numRuns: 300 }
  )
})

test('what has come of a line is held, and the line is open', () => {
  const tested = session()
  say(tested, 'ab\ncde')
  assert.is(tested.heldBytes, 3)
  assert.ok(tested.inMessage)
  say(tested, '\n')
  assert.is(tested.heldBytes, 0)
  assert.not(tested.inMessage)
  assert.is(tested.messages, 2)
})

test('the longest line allowed is answered; one byte more ends the connection, however it is cut', () => {
  for (const newline of ['\n', '']) {
    for (const cut of [1, 500, 1000]) {
      const context = workerContext('reverse')
      const tested = session({ context })
      const output = new ScriptedOutput()
      converse(tested, output, [Buffer.from(`${'x'.repeat(999)}y\n`)])
      assert.is(output.take(), `y${'x'.repeat(999)}\n`)
      const line = Buffer.from(`${'x'.repeat(1001)}${newline}`)
      converse(tested, output, [line.subarray(0, cut), line.subarray(cut)])
      assert.is(output.take(), 'ERROR line longer than 1,000 bytes\n')
      assert.ok(output.closed)
      assert.is(context.counters.total('tooLong'), 1)
      assert.equal(context.lines, ['127.0.0.1:50000: line longer than 1,000 bytes; closed'])
    }
  }
})

test('a client that is late is told so', () => {
  const tested = session()
  const output = say(tested, 'ab')
  tested.timeOut('message', output)
  assert.is(output.take(), 'ERROR line not complete after 30s\n')
  assert.ok(output.closed)
})

for (const unit of ['line', 'chunk'] as const) {
  test(`exit stops the server where it may, also in pieces; unit ${unit}`, () => {
    for (const pieces of [['exit\n'], ['exit\r\n'], ['ab\nexit\n'], ['ex', 'it\n'], ['e', 'x', 'i', 't', '\n']]) {
      const stopping = say(session({ unit, allowExit: true }), ...pieces)
      assert.is(stopping.stopsAsked, 1, pieces.join('|'))
      assert.ok(stopping.closed)
      const other = say(session({ unit }), ...pieces)
      assert.is(other.stopsAsked, 0)
      assert.not(other.closed)
    }
  })

  test(`nothing that only contains exit stops the server; unit ${unit}`, () => {
    for (const pieces of [['exits\n'], ['an exit\n'], ['ex\nit\n'], ['e', 'xi\n', 't\n'], ['exit \n'], ['Exit\n']]) {
      assert.is(say(session({ unit, allowExit: true }), ...pieces).stopsAsked, 0, pieces.join('|'))
    }
  })

  test(`exit needs no newline before FIN; unit ${unit}`, () => {
    const output = new ScriptedOutput()
    converseToEnd(session({ unit, allowExit: true }), output, [Buffer.from('ex'), Buffer.from('it')])
    assert.is(output.stopsAsked, 1)
  })
}

test('what came before exit in the same chunk is answered', () => {
  assert.is(say(session({ unit: 'chunk', allowExit: true }), 'abc\nexit\n').take(), '\ncba')
})

test.run()
