import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { Protocol } from '../../src/protocols/protocol.js'
import { withKv } from './kv-scene.js'
import { converse, converseTogether, ScriptedOutput } from './scripted-output.js'
import { client } from './worker-context.js'

const test = suite('kv, turn by turn', { timeLimit: 120_000 })

/** A connection that is given input without the turn coming to its end. */
function connect(kv: Protocol) {
  const session = kv.createSession(client)
  const output = new ScriptedOutput()
  const send = (text: string) => session.receive(Buffer.from(text), output)
  return { session, output, send }
}

test('changes of one turn are answered at its end, and committed together', async () => {
  await withKv(({ kv, say }) => {
    const [first, second] = [connect(kv), connect(kv)]
    first.send('set a 0 0 1\r\nx\r\n')
    second.send('set b 0 0 1\r\ny\r\n')
    assert.is(first.output.take() + second.output.take(), '', 'nothing is said before it is committed')
    first.output.endTurn()
    assert.is(first.output.take(), 'STORED\r\n')
    assert.is(say('get a b\r\n'), 'VALUE a 0 1\r\nx\r\nVALUE b 0 1\r\ny\r\nEND\r\n')
    assert.is(second.output.take(), '')
    second.output.endTurn()
    assert.is(second.output.take(), 'STORED\r\n')
  })
})

test('a value that another connection has not committed is not shown', async () => {
  await withKv(({ kv }) => {
    const [writer, reader] = [connect(kv), connect(kv)]
    reader.send('get a\r\n')
    writer.send('set a 0 0 1\r\nx\r\n')
    reader.output.endTurn()
    const early = reader.output.take()
    writer.output.endTurn()
    assert.is(writer.output.take(), 'STORED\r\n')
    reader.send('get a\r\n')
    reader.output.endTurn()
    assert.is(early, 'END\r\n')
    assert.is(reader.output.take(), 'VALUE a 0 1\r\nx\r\nEND\r\n')
  })
})

test('a retrieval sees what its connection changed before it, and not what it changes after it', async () => {
  await withKv(({ kv }) => {
    const output = new ScriptedOutput()
    const commands = [
      'get a\r\nset a 0 0 1\r\n1\r\nget a\r\nincr a 1\r\nappend a 0 0 1\r\nx\r\nversion\r\n',
      'get a\r\ndelete a\r\nget a\r\ntouch a 0\r\nnonsense\r\nset a 0 0 1\r\n7\r\nquit\r\nget a\r\n',
    ]
    converse(kv.createSession(client), output, [Buffer.from(commands.join(''))])
    const answers = ['END', 'STORED', 'VALUE a 0 1', '1', 'END', '2', 'STORED', 'VERSION 0.1.0', 'VALUE a 0 2', '2x']
    const more = ['END', 'DELETED', 'END', 'NOT_FOUND', 'ERROR', 'STORED']
    assert.is(output.take(), [...answers, ...more].map(line => `${line}\r\n`).join(''))
    assert.ok(output.closed)
  })
})

test('what does not fit takes no other change of its turn with it', async () => {
  await withKv(
    ({ kv, say, context }) => {
      say('set n 0 0 1\r\n0\r\n')
      const [first, second, third] = [connect(kv), connect(kv), connect(kv)]
      first.send('incr n 1\r\n')
      second.send(`set n 0 0 2000\r\n${'x'.repeat(2000)}\r\nincr n 1\r\n`)
      third.send('incr n 1\r\n')
      for (const { output } of [first, second, third]) output.endTurn()
      assert.is(first.output.take(), '1\r\n')
      assert.is(second.output.take(), 'SERVER_ERROR out of memory storing object\r\n2\r\n')
      assert.is(third.output.take(), '3\r\n')
      const counted = ['incr_hits', 'cmd_set', 'total_items'].map(name => context.counters.total(name))
      assert.equal(counted, [3, 1, 1], 'what is not carried out is not counted')
      assert.is(context.lines.length, 1)
    },
    { storeSize: 1000 }
  )
})

test('two changes of an item in one turn leave two versions of it', async () => {
  await withKv(({ kv, say }) => {
    const unique = () => Number(/ (\d+)\r\n/.exec(say('gets a\r\n'))?.[1])
    say('set a 0 0 1\r\nx\r\n')
    const before = unique()
    const [first, second] = [connect(kv), connect(kv)]
    first.send(`cas a 0 0 1 ${before}\r\ny\r\n`)
    second.send(`cas a 0 0 1 ${before}\r\nz\r\n`)
    for (const { output } of [first, second]) output.endTurn()
    assert.is(first.output.take() + second.output.take(), 'STORED\r\nEXISTS\r\n')
    say('set a 0 0 1\r\nx\r\nset a 0 0 1\r\nx\r\n')
    assert.ok(unique() > before + 2)
    const last = unique()
    assert.is(say('flush_all\r\nset a 0 0 1\r\nx\r\n'), 'OK\r\nSTORED\r\n')
    assert.ok(unique() > last, 'numbers are not used again')
  })
})

test('a change of a client that goes before the end of the turn is made', async () => {
  await withKv(({ kv, say }) => {
    const gone = connect(kv)
    gone.send('set a 0 0 1 noreply\r\nx\r\n')
    gone.output.close()
    gone.session.dispose?.()
    gone.output.endTurn()
    assert.is(say('get a\r\n'), 'VALUE a 0 1\r\nx\r\nEND\r\n')
  })
})

test("of what a client sends at once no more than a turn's share is taken", async () => {
  await withKv(({ kv }) => {
    const greedy = connect(kv)
    const line = 'incr n 1\r\n'
    const taken = greedy.send(line.repeat(10_000))
    assert.ok(taken < 1000 * line.length, `${taken} bytes taken`)
    assert.is(taken % line.length, 0)
    greedy.output.endTurn()
    assert.is(greedy.output.take(), 'NOT_FOUND\r\n'.repeat(taken / line.length))
  })
})

test('of what a crowd sends at once a turn takes a part, and the next ones the rest', async () => {
  await withKv(({ kv, say }) => {
    const line = 'incr n 1\r\n'
    say('set n 0 0 1\r\n0\r\n')
    const crowd = Array.from({ length: 3000 }, () => ({
      ...{ session: kv.createSession(client), output: new ScriptedOutput(), pieces: [Buffer.from(line)] },
    }))
    const [first, second] = [crowd.slice(0, 1500), crowd.slice(1500)]
    const taken = first.map(({ session, output }) => session.receive(Buffer.from(line), output))
    assert.ok(taken.includes(0) && taken.includes(line.length))
    for (const { output } of first) output.endTurn()
    converseTogether(second)
    const sum = taken.filter(bytes => bytes > 0).length + second.length
    assert.is(say('get n\r\n'), `VALUE n 0 ${String(sum).length}\r\n${sum}\r\nEND\r\n`)
    assert.ok(second.every(({ output }) => /^\d+\r\n$/.test(output.take())))
  })
})

test('a client that has to wait for a turn with room is served in its order', async () => {
  await withKv(({ kv, say }) => {
    const patient = connect(kv)
    patient.send('get a\r\nset a 0 0 1\r\n1\r\n')
    const crowd = Array.from({ length: 40 }, () => connect(kv))
    for (const { send } of crowd) send('delete b\r\n'.repeat(64))
    // The set, which must not come before the get, finds no room in the crowd's transaction.
    patient.output.endTurn()
    assert.is(patient.output.take(), 'END\r\n')
    for (const { output } of crowd) output.endTurn()
    patient.send('set a 0 0 1\r\n2\r\n')
    while (patient.output.waitsForTurn) patient.output.endTurn()
    assert.is(patient.output.take(), 'STORED\r\nSTORED\r\n')
    assert.is(say('get a\r\n'), 'VALUE a 0 1\r\n2\r\nEND\r\n')
  })
})

const commandsOf = (key: string) =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom('1', '22', 'x').map(value => `set ${key} 0 0 ${value.length}\r\n${value}\r\n`),
        fc.constantFrom('0', '3').map(value => `append ${key} 0 0 1\r\n${value}\r\n`),
        fc.constantFrom(`get ${key}\r\n`, `incr ${key} 7\r\n`, `delete ${key}\r\n`, `gat 0 ${key}\r\n`)
      ),
      { maxLength: 12 }
    )
    .map(commands => commands.map(command => Buffer.from(command)))

test('connections that share turns and no keys are answered as each would be alone', async () => {
  const keys = ['a', 'b', 'c']
  const together = fc.tuple(...keys.map(commandsOf), fc.integer({ min: 1, max: 4 }), fc.constantFrom(1, 20, 1000))
  await fc.assert(
    fc.asyncProperty(together, async parts => {
      const streams = parts.slice(0, keys.length) as Buffer[][]
      const [each, threshold] = parts.slice(keys.length) as [number, number]
      await withKv(({ kv }) => {
        const shared = streams.map(pieces => ({
          session: kv.createSession(client),
          output: new ScriptedOutput({ threshold }),
          pieces: inBundles(pieces, each),
        }))
        converseTogether(shared)
        const answers = shared.map(({ output }) => output.take())
        const alone = streams.map(pieces => {
          const output = new ScriptedOutput()
          converse(kv.createSession(client), output, [Buffer.from('flush_all\r\n'), ...pieces])
          return output.take().slice('OK\r\n'.length)
        })
        assert.equal(answers, alone)
      })
    }),
    { numRuns: 60 }
  )
})

/** So many pieces joined into one. */
function inBundles(pieces: readonly Buffer[], each: number): Buffer[] {
  const count = Math.ceil(pieces.length / each)
  return Array.from({ length: count }, (_, at) => Buffer.concat(pieces.slice(at * each, (at + 1) * each)))
}

test.run()
