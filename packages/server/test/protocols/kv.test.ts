import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { openKv } from '../../src/protocols/kv/kv.js'
import { inTemporaryFolder } from '../temporary-folder.js'
import { withKv } from './kv-scene.js'
import { inPieces } from './pieces.js'
import { converse, converseToEnd, ScriptedOutput, type ScriptedOutputOptions } from './scripted-output.js'
import { client, workerContext } from './worker-context.js'

const test = suite('kv', { timeLimit: 120_000 })

const mebibyte = 1024 ** 2

function sleep(milliseconds: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, milliseconds))
}

test('stores and finds', async () => {
  await withKv(({ say }) => {
    assert.is(say('set a 5 0 3\r\nabc\r\n'), 'STORED\r\n')
    assert.is(say('get a\r\n'), 'VALUE a 5 3\r\nabc\r\nEND\r\n')
    assert.is(say('get b a b a\r\n'), 'VALUE a 5 3\r\nabc\r\nVALUE a 5 3\r\nabc\r\nEND\r\n')
    assert.is(say('get b\r\n'), 'END\r\n')
    assert.is(say('set e 0 0 0\r\n\r\nget e\r\n'), 'STORED\r\nVALUE e 0 0\r\n\r\nEND\r\n')
    assert.is(say('set \xe9 0 0 2\r\n\xff\x00\r\nget \xe9\r\n'), 'STORED\r\nVALUE \xe9 0 2\r\n\xff\x00\r\nEND\r\n')
  })
})

test('add, replace, append and prepend ask what is there', async () => {
  await withKv(({ say }) => {
    assert.is(
      say('replace a 0 0 1\r\nx\r\nappend a 0 0 1\r\nx\r\nprepend a 0 0 1\r\nx\r\n'),
      'NOT_STORED\r\n'.repeat(3)
    )
    assert.is(say('add a 7 0 1\r\nb\r\nadd a 0 0 1\r\nx\r\n'), 'STORED\r\nNOT_STORED\r\n')
    assert.is(say('append a 9 0 1\r\nc\r\nprepend a 9 0 1\r\na\r\n'), 'STORED\r\nSTORED\r\n')
    assert.is(say('get a\r\n'), 'VALUE a 7 3\r\nabc\r\nEND\r\n', 'flags stay')
    assert.is(say('replace a 1 0 1\r\nz\r\nget a\r\n'), 'STORED\r\nVALUE a 1 1\r\nz\r\nEND\r\n')
  })
})

test('cas stores only over the version that was seen', async () => {
  await withKv(({ say, context }) => {
    const unique = () => / (\d+)\r\n/.exec(say('gets a\r\n'))?.[1]
    assert.is(say('cas a 0 0 1 1\r\nx\r\n'), 'NOT_FOUND\r\n')
    say('set a 0 0 1\r\nx\r\n')
    const first = unique()
    assert.is(say(`cas a 0 0 1 ${first}\r\ny\r\n`), 'STORED\r\n')
    assert.is(say(`cas a 0 0 1 ${first}\r\nz\r\n`), 'EXISTS\r\n')
    assert.is.not(unique(), first)
    const second = unique()
    say('touch a 100\r\n')
    assert.is(unique(), second, 'touching makes no new version')
    say('set b 0 0 1\r\nx\r\n')
    assert.not.match(say('gets b\r\n'), ` ${second}\r\n`)
    const { counters } = context
    assert.equal(
      ['cas_hits', 'cas_misses', 'cas_badval'].map(name => counters.total(name)),
      [1, 1, 1]
    )
  })
})

test('counts', async () => {
  await withKv(({ say }) => {
    assert.is(say('incr n 1\r\ndecr n 1\r\n'), 'NOT_FOUND\r\nNOT_FOUND\r\n')
    assert.is(say('set n 3 0 2\r\n10\r\nincr n 5\r\ndecr n 6\r\ndecr n 100\r\n'), 'STORED\r\n15\r\n9\r\n0\r\n')
    assert.is(say('get n\r\n'), 'VALUE n 3 1\r\n0\r\nEND\r\n')
    assert.is(say('set n 0 0 20\r\n18446744073709551615\r\nincr n 2\r\n'), 'STORED\r\n1\r\n')
    const wrong = 'CLIENT_ERROR cannot increment or decrement non-numeric value\r\n'
    assert.is(say('set n 0 0 1\r\nx\r\nincr n 1\r\n'), `STORED\r\n${wrong}`)
  })
})

test('delete, touch, gat and flush_all', async () => {
  await withKv(({ say }) => {
    assert.is(say('delete a\r\ntouch a 1\r\ngat 1 a\r\n'), 'NOT_FOUND\r\nNOT_FOUND\r\nEND\r\n')
    say('set a 1 0 1\r\nx\r\nset b 2 0 1\r\ny\r\n')
    assert.is(say('touch a 100\r\ngat 100 a b c\r\n'), 'TOUCHED\r\nVALUE a 1 1\r\nx\r\nVALUE b 2 1\r\ny\r\nEND\r\n')
    assert.match(say('gats 0 a\r\n'), /^VALUE a 1 1 \d+\r\nx\r\nEND\r\n$/)
    assert.is(say('delete a\r\nget a b\r\n'), 'DELETED\r\nVALUE b 2 1\r\ny\r\nEND\r\n')
    assert.is(say('flush_all\r\nget b\r\n'), 'OK\r\nEND\r\n')
    assert.is(say('set b 0 0 1\r\nz\r\nget b\r\n'), 'STORED\r\nVALUE b 0 1\r\nz\r\nEND\r\n')
  })
})

test('items end when they are to', async () => {
  await withKv(async ({ say }) => {
    say('set gone 0 -1 1\r\nx\r\nset soon 0 1 1\r\nx\r\nset later 0 1 1\r\nx\r\nset never 0 0 1\r\nx\r\n')
    assert.is(say('get gone\r\nadd gone 0 0 1\r\ny\r\n'), 'END\r\nSTORED\r\n')
    assert.is(say('touch later 100\r\ntouch never 1\r\n'), 'TOUCHED\r\nTOUCHED\r\n')
    assert.match(say('get soon\r\n'), /VALUE/)
    await sleep(1050)
    assert.is(say('get soon later never\r\n'), 'VALUE later 0 1\r\nx\r\nEND\r\n')
    assert.is(
      say('incr soon 1\r\ndelete never\r\nreplace soon 0 0 1\r\nx\r\n'),
      'NOT_FOUND\r\nNOT_FOUND\r\nNOT_STORED\r\n'
    )
    const past = Math.floor(Date.now() / 1000) - 1
    assert.is(say(`set a 0 ${past} 1\r\nx\r\nget a\r\n`), 'STORED\r\nEND\r\n')
  })
})

test('a flush can wait, and spares what is stored after it', async () => {
  await withKv(async ({ say }) => {
    assert.is(say('set a 0 0 1\r\nx\r\nflush_all 1\r\nset b 0 0 1\r\ny\r\n'), 'STORED\r\nOK\r\nSTORED\r\n')
    assert.match(say('get a b\r\n'), /VALUE a .*VALUE b/s)
    await sleep(1050)
    say('set c 0 0 1\r\nz\r\n')
    assert.is(say('get a b c\r\n'), 'VALUE c 0 1\r\nz\r\nEND\r\n')
  })
})

test('noreply says nothing, also of errors', async () => {
  await withKv(({ say }) => {
    assert.is(
      say('set a 0 0 1 noreply\r\n5\r\nincr a 1 noreply\r\ntouch a 0 noreply\r\nget a\r\n'),
      'VALUE a 0 1\r\n6\r\nEND\r\n'
    )
    assert.is(say('add a 0 0 1 noreply\r\nx\r\ndelete a noreply\r\nverbosity 1 noreply\r\nget a\r\n'), 'END\r\n')
    assert.is(say('set a x 0 1 noreply\r\nflush_all noreply\r\nversion\r\n'), 'VERSION 0.1.0\r\n')
  })
})

test('a value that is not followed by an end of line is refused, and the conversation goes on', async () => {
  await withKv(({ say }) => {
    assert.is(say('set a 0 0 3\r\nabcdef\r\nget a\r\n'), 'CLIENT_ERROR bad data chunk\r\nERROR\r\nEND\r\n')
    assert.is(say('set a 0 0 3\nabc\nget a\n'), 'STORED\r\nVALUE a 0 3\r\nabc\r\nEND\r\n', 'from a terminal')
    assert.is(say('set a 0 0 4\r\na\r\nb\r\nget a\r\n'), 'STORED\r\nVALUE a 0 4\r\na\r\nb\r\nEND\r\n')
  })
})

test('set <key> <size>, without flags and time', async () => {
  await withKv(({ say }) => {
    assert.is(say('set a 3\r\nabc\r\nget a\r\n'), 'STORED\r\nVALUE a 0 3\r\nabc\r\nEND\r\n')
    assert.is(say('set a 3\nxyz\nget a\n'), 'STORED\r\nVALUE a 0 3\r\nxyz\r\nEND\r\n')
  })
})

test('a value over the limit is passed over, the old one stays, and the conversation goes on', async () => {
  await withKv(
    ({ say, context }) => {
      say('set a 0 0 1\r\nx\r\n')
      const big = `set a 0 0 101\r\n${'y'.repeat(101)}\r\nget a\r\n`
      const answer = 'SERVER_ERROR object too large for cache\r\nVALUE a 0 1\r\nx\r\nEND\r\n'
      assert.is(say(big), answer)
      assert.is(say(...big), answer)
      assert.is(say(`set a 0 0 100\r\n${'y'.repeat(100)}\r\n`), 'STORED\r\n')
      assert.is(context.counters.total('tooLong'), 2)
    },
    { maxValue: 100 }
  )
})

test('a store that is full says so and loses nothing; what has ended makes room', async () => {
  await withKv(
    ({ say, context }) => {
      const set = (key: string, exptime: number) => say(`set ${key} 0 ${exptime} 100000\r\n${'x'.repeat(100_000)}\r\n`)
      let stored = 0
      while (set(`k${stored}`, 0) === 'STORED\r\n') stored++
      assert.is(stored, 20)
      assert.is(set('another', 0), 'SERVER_ERROR out of memory storing object\r\n')
      for (let key = 0; key < stored; key++) assert.match(say(`get k${key}\r\n`), 'x'.repeat(100_000))
      assert.is(context.lines.length, 1, 'the log is told once')
      assert.match(
        context.lines[0] as string,
        /the store cannot be written: the items would take more than 2,097,152 bytes/
      )
      assert.is(say('delete k0\r\n'), 'DELETED\r\n')
      assert.is(set('passing', -1), 'STORED\r\n')
      assert.is(set('k0', 0), 'STORED\r\n', 'what has ended makes room')
      assert.match(say('stats\r\n'), new RegExp(`STAT bytes ${stored * 100_032}\r\n`))
      assert.is(say('flush_all\r\n'), 'OK\r\n')
      assert.match(say('stats\r\n'), /STAT bytes 0\r\nSTAT curr_items 0\r\n/)
    },
    { storeSize: 2 * mebibyte }
  )
})

test('what a flush has ended makes room as well', async () => {
  await withKv(
    async ({ say }) => {
      const set = (key: string) => say(`set ${key} 0 0 400000\r\n${'x'.repeat(400_000)}\r\n`)
      assert.is(
        set('a') + set('b') + set('c'),
        `${'STORED\r\n'.repeat(2)}SERVER_ERROR out of memory storing object\r\n`
      )
      say('flush_all 1\r\n')
      await sleep(1050)
      assert.is(set('c') + set('d'), 'STORED\r\nSTORED\r\n')
      assert.match(say('get a b c d\r\n'), /^VALUE c .*VALUE d .*END\r\n$/s)
    },
    { storeSize: mebibyte }
  )
})

test('one connection sees at once what another has stored', async () => {
  await withKv(({ kv }) => {
    const [first, second] = [kv.createSession(client), kv.createSession(client)]
    const output = new ScriptedOutput()
    for (let round = 0; round < 50; round++) {
      converse(first, output, [Buffer.from(`set a 0 0 2\r\n${round + 10}\r\n`)])
      converse(second, output, [Buffer.from('get a\r\n')])
      assert.is(output.take(), `STORED\r\nVALUE a 0 2\r\n${round + 10}\r\nEND\r\n`)
    }
  })
})

test('quit closes, and what follows is not looked at', async () => {
  await withKv(({ kv, say }) => {
    const output = new ScriptedOutput()
    converse(kv.createSession(client), output, [Buffer.from('set a 0 0 1\r\nx\r\nquit\r\ndelete a\r\n')])
    assert.ok(output.closed)
    assert.match(say('get a\r\n'), 'VALUE a')
  })
})

test('the binary protocol is told that it is not spoken here', async () => {
  await withKv(({ kv }) => {
    const output = new ScriptedOutput()
    converse(kv.createSession(client), output, [Buffer.from([0x80, 0x0a, 0, 0])])
    assert.is(output.take(), 'CLIENT_ERROR the binary protocol is not spoken here\r\n')
    assert.ok(output.closed)
  })
})

test('many large items are given one threshold after the other', async () => {
  await withKv(({ kv, say }) => {
    say(`set big 0 0 100000\r\n${'x'.repeat(100_000)}\r\n`)
    const output = new ScriptedOutput({ threshold: 150_000 })
    const session = kv.createSession(client)
    session.receive(Buffer.from(`get ${Array(20).fill('big').join(' ')}\r\nversion\r\n`), output)
    output.endTurn()
    assert.ok(output.written.length < 300_000, `${output.written.length} at once`)
    let written = 0
    for (let round = 0; round < 30 && !output.take().endsWith('END\r\n'); round++) {
      output.drain()
      session.resume?.(output)
      written = Math.max(written, output.written.length)
    }
    assert.ok(written > 0 && written < 300_000)
  })
})

test('those who read the same large value slowly share one copy of it, also when it is replaced meanwhile', async () => {
  await withKv(({ kv, say }) => {
    const old = 'x'.repeat(900_000)
    say(`set big 0 0 ${old.length}\r\n${old}\r\n`)
    const readers = Array.from({ length: 10 }, () => ({
      session: kv.createSession(client),
      output: new ScriptedOutput({ threshold: 100_000 }),
    }))
    const [gone, ...slow] = readers
    for (const { session, output } of readers) session.receive(Buffer.from('get big\r\n'), output)
    for (const { output } of readers) output.endTurn()
    assert.ok(readers.every(({ output }) => output.written.length < 400_000))
    gone?.session.dispose?.()
    assert.is(say('set big 0 0 3\r\nnew\r\n'), 'STORED\r\n')
    for (const { session, output } of slow) {
      for (let round = 0; round < 20 && !output.ready; round++) {
        output.drain()
        session.resume?.(output)
      }
      assert.ok(output.take() === `VALUE big 0 900000\r\n${old}\r\nEND\r\n`)
    }
    assert.match(say('get big\r\n'), 'new')
  })
})

test('the limit of a line', async () => {
  await withKv(({ kv, context }) => {
    const output = new ScriptedOutput()
    converse(kv.createSession(client), output, [Buffer.from(`get ${'k '.repeat(500)}\r\n`)])
    assert.is(output.take(), 'CLIENT_ERROR line longer than 1,000 bytes\r\n')
    assert.ok(output.closed)
    assert.is(context.counters.total('tooLong'), 1)
  })
})

test('large values come back as they went, from every kind of memory that the store reads them out of', async () => {
  await withKv(
    ({ kv }) => {
      for (const size of [300_000, mebibyte, 17 * mebibyte, 40 * mebibyte]) {
        const value = randomBytes(size)
        const session = kv.createSession(client)
        const output = new ScriptedOutput({ threshold: mebibyte })
        const parts: Uint8Array[] = []
        const ask = (bytes: Uint8Array) => {
          session.receive(bytes, output)
          output.endTurn()
          while (!output.ready) {
            assert.is(output.aborted, undefined)
            parts.push(output.takeBytes())
            output.drain()
            session.resume?.(output)
          }
          parts.push(output.takeBytes())
          return Buffer.concat(parts.splice(0))
        }
        const found = (length: number, bytes: Uint8Array) =>
          Buffer.concat([Buffer.from(`VALUE k 7 ${length}\r\n`), bytes, Buffer.from('\r\nEND\r\n')])
        ask(Buffer.concat([Buffer.from(`set k 7 0 ${size}\r\n`), value, Buffer.from('\r\n')]))
        assert.ok(ask(Buffer.from('get k\r\n')).equals(found(size, value)), `get of ${size}`)
        assert.ok(ask(Buffer.from('gat 100 k\r\n')).equals(found(size, value)), `gat of ${size}`)
        assert.is(ask(Buffer.from('touch k 100\r\nappend k 0 0 3\r\nabc\r\n')).toString(), 'TOUCHED\r\nSTORED\r\n')
        const longer = Buffer.concat([value, Buffer.from('abc')])
        assert.ok(ask(Buffer.from('get k\r\n')).equals(found(size + 3, longer)), `appended to ${size}`)
      }
    },
    { maxValue: 64 * mebibyte, storeSize: 1024 * mebibyte }
  )
})

test('a line has a limit of its own, however long messages may be', async () => {
  await inTemporaryFolder(store => {
    const context = workerContext('kv', { maxMessage: 2 * mebibyte })
    const settings = { storeSize: mebibyte, maxValue: mebibyte, sync: false }
    const kv = openKv({ name: 'kv', store, ...settings }, context)
    const output = new ScriptedOutput()
    converse(kv.createSession(client), output, [Buffer.from(`get ${'k '.repeat(30_000)}\r\n`)])
    assert.is(output.take(), 'END\r\n')
    converse(kv.createSession(client), output, [Buffer.from(`get ${'k '.repeat(40_000)}\r\n`)])
    assert.is(output.take(), 'CLIENT_ERROR line longer than 65,536 bytes\r\n')
    kv.close()
  })
})

const key = fc.constantFrom('a', 'b', 'c')
const value = fc.string({ unit: fc.constantFrom('1', '2', 'x', '\r', '\n', ' '), maxLength: 12 })
const storing = fc
  .record({
    mode: fc.constantFrom('set', 'set', 'add', 'replace', 'append', 'prepend'),
    key,
    value,
    noreply: fc.boolean(),
  })
  .map(
    ({ mode, key, value, noreply }) => `${mode} ${key} 1 0 ${value.length}${noreply ? ' noreply' : ''}\r\n${value}\r\n`
  )
const others = fc.oneof(
  key.map(key => `get ${key} a\r\n`),
  key.map(key => `gets ${key}\r\n`),
  key.map(key => `incr ${key} 3\r\n`),
  key.map(key => `delete ${key}\r\n`),
  key.map(key => `cas ${key} 0 0 1 2\r\nx\r\n`),
  key.map(key => `gat 100 ${key}\r\n`),
  fc.constantFrom(
    'flush_all\r\n',
    'version\r\n',
    'nonsense\r\n',
    'set a 0 0 2\r\nabcdef\r\n',
    'set a 0 0 5000000\r\nx\r\n'
  )
)
const streams = fc
  .array(fc.oneof({ weight: 2, arbitrary: storing }, { weight: 3, arbitrary: others }), { maxLength: 25 })
  .map(parts => Buffer.from(parts.join('')))

test('any stream, cut in any way, with any delay and threshold, gets the same answer', async () => {
  const outputs = fc.record({
    delayed: fc.boolean(),
    threshold: fc.constantFrom(1, 10, Number.POSITIVE_INFINITY),
    piecesPerTurn: fc.constantFrom(1, 2, 5),
  })
  const talk = async (pieces: readonly Uint8Array[], options: ScriptedOutputOptions) => {
    let answer = ''
    await withKv(({ kv }) => {
      const output = new ScriptedOutput(options)
      converseToEnd(kv.createSession(client), output, pieces)
      answer = output.take()
    })
    return answer
  }
  await fc.assert(
    fc.asyncProperty(inPieces(streams), outputs, async (pieces, options) => {
      assert.is(await talk(pieces, options), await talk([Buffer.concat(pieces)], {}))
    }),
    { numRuns: 100 }
  )
})

test.run()
