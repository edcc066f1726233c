import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { openJournal } from '../../src/protocols/journal/journal.js'
import { JournalFile } from '../../src/protocols/journal/journal-file.js'
import { quoted } from '../../src/protocols/journal/quoted.js'
import { TimeStamps, WallClock } from '../../src/protocols/journal/wall-clock.js'
import { StartError } from '../../src/start-error.js'
import { inTemporaryFolder } from '../temporary-folder.js'
import { inPieces } from './pieces.js'
import { converse, converseToEnd, ScriptedOutput, type ScriptedOutputOptions } from './scripted-output.js'
import { client, type TestContext, workerContext } from './worker-context.js'

const test = suite('journal', { timeLimit: 60_000 })

const record = /^\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d\.\d{9} -- (.*)$/

interface Conversation {
  readonly output: ScriptedOutput
  readonly context: TestContext
  /** What stands in the file, without the times. */
  readonly records: readonly string[]
}

/** One conversation from its greeting to FIN, with a journal of its own. */
async function talk(pieces: readonly Uint8Array[], options: ScriptedOutputOptions = {}): Promise<Conversation> {
  const context = workerContext('journal', { maxMessage: 100 })
  const output = new ScriptedOutput(options)
  let records: string[] = []
  await inTemporaryFolder(folder => {
    const file = join(folder, 'log')
    const journal = openJournal({ name: 'journal', users: ['arijort', 'foobar'], file }, context)
    converseToEnd(journal.createSession(client), output, pieces)
    journal.close()
    records = recordsIn(file)
  })
  return { output, context, records }
}

function recordsIn(file: string): string[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  assert.is(lines.pop(), '', 'the last line is whole')
  return lines.map(line => {
    assert.match(line, record)
    return (record.exec(line) as RegExpExecArray)[1] as string
  })
}

const greeting = `HELLO from worker 1 (pid ${process.pid}): send <user>:<message>\n`

function answer(message: string, user: string, count: number): string {
  return `OK worker 1 (pid ${process.pid}) recorded "${message}" from user ${user}; ${count} requests here, ${count} in all\n`
}

test('greets, writes authorised messages down, and says who did it', async () => {
  const { output, records, context } = await talk([Buffer.from('arijort:message for you\nfoobar:a:b\r\narijort:\n')])
  assert.is(
    output.take(),
    greeting + answer('message for you', 'arijort', 1) + answer('a:b', 'foobar', 2) + answer('', 'arijort', 3)
  )
  assert.equal(records.slice(0, 2), [
    `server ${process.pid} recvd message "message for you" from user arijort`,
    `completed req "message for you" on ${process.pid} total reqs 1`,
  ])
  assert.is(records.length, 6)
  assert.equal(context.lines, [])
})

test('who is not authorised, or sends no message, is told so, logged, and closed', async () => {
  const cases = [
    ['eve:hello\n', 'user "eve" is not authorised'],
    ['arijort\n', 'malformed message "arijort"; expected <user>:<message>'],
    [':hello\n', 'malformed message ":hello"; expected <user>:<message>'],
    ['\n', 'malformed message ""; expected <user>:<message>'],
    ['arijort :hello\n', 'user "arijort " is not authorised'],
    ['arijort:hello', 'the last message has no newline, and may not be whole'],
    ['\x1b[2Jeve:x\n', 'user "\\u001b[2Jeve" is not authorised'],
  ] as const
  for (const [text, reason] of cases) {
    const { output, context, records } = await talk([Buffer.from(text)])
    assert.is(output.take(), `${greeting}ERROR ${reason}\n`)
    assert.ok(output.closed)
    assert.is(context.counters.total('refused'), 1)
    assert.equal(context.lines, [`127.0.0.1:50000: ${reason}; closed`])
    assert.equal(records, [`server ${process.pid} refused 127.0.0.1:50000: ${reason}`])
  }
})

test('what follows a refusal is not looked at', async () => {
  const { output, records } = await talk([Buffer.from('eve:x\narijort:y\n')])
  assert.is(output.take(), `${greeting}ERROR user "eve" is not authorised\n`)
  assert.is(records.length, 1)
})

test('with a delay a request is completed in the file, and counted, only after it', async () => {
  await inTemporaryFolder(folder => {
    const file = join(folder, 'log')
    const context = workerContext('journal')
    const journal = openJournal({ name: 'journal', users: ['foobar'], file }, context)
    const output = new ScriptedOutput({ delayed: true })
    const session = journal.createSession(client)
    session.open?.(output)
    session.receive(Buffer.from('foobar:x\n'), output)
    assert.is(output.take(), greeting)
    assert.is(recordsIn(file).length, 1)
    assert.is(context.counters.total('requests'), 0)
    output.finishWork()
    assert.is(output.take(), answer('x', 'foobar', 1))
    assert.is(recordsIn(file).length, 2)
    journal.close()
  })
})

const streams = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.string({ maxLength: 30 }).map(text => `foobar:${text}\n`) },
      { weight: 1, arbitrary: fc.constantFrom('eve:x\n', 'nothing\n', `foobar:${'x'.repeat(200)}\n`, 'foobar:x') }
    )
  )
  .map(parts => Buffer.from(parts.join('')))

test('any stream, cut in any way, with any delay and threshold, gets the same answer and the same records', async () => {
  const outputs = fc.record({ delayed: fc.boolean(), threshold: fc.constantFrom(1, 10, Number.POSITIVE_INFINITY) })
  await fc.assert(
    fc.asyncProperty(inPieces(streams), outputs, async (pieces, options) => {
      const whole = await talk([Buffer.concat(pieces)])
      const cut = await talk(pieces, options)
      assert.is(cut.output.take(), whole.output.take())
      assert.equal(cut.records, whole.records)
    }),
    { numRuns: 200 }
  )
})

test('a journal that cannot be opened is refused at the start', () => {
  assert.throws(
    () => new JournalFile('/nonexistent/log'),
    (error: Error) => {
      return (
        error instanceof StartError && /journal '\/nonexistent\/log' cannot be written \(ENOENT\)/.test(error.message)
      )
    }
  )
  assert.throws(() => new JournalFile('/dev/null'), /is not a file/)
})

test('an existing journal is appended to', async () => {
  await inTemporaryFolder(folder => {
    const file = join(folder, 'log')
    writeFileSync(file, 'old\n')
    const journal = new JournalFile(file)
    journal.append('new')
    journal.close()
    assert.match(readFileSync(file, 'utf8'), /^old\n.* -- new\n$/)
  })
})

test('a message that cannot be written down is not acknowledged', async () => {
  await inTemporaryFolder(folder => {
    const context = workerContext('journal')
    const journal = openJournal({ name: 'journal', users: ['foobar'], file: join(folder, 'log') }, context)
    const output = new ScriptedOutput()
    const session = journal.createSession(client)
    // As if the disk had gone: the descriptor is no longer there.
    journal.close()
    converse(session, output, [Buffer.from('foobar:x\n')])
    assert.match(output.take(), /\nERROR the journal cannot be written: EBADF/)
    assert.ok(output.closed)
    assert.is(context.counters.total('requests'), 0)
  })
})

test('nobody can write a line of the log by sending one', () => {
  fc.assert(
    fc.property(fc.uint8Array(), bytes => {
      assert.match(quoted(bytes), /^"[^\n\r\x7f-\x9f]*"$/)
    })
  )
  assert.is(quoted(Buffer.from('é"\\\u009b')), '"é\\"\\\\\\u009b"')
  assert.is(quoted(Uint8Array.of(0x61, 0xff, 0x22)), '"a\\xff\\x22"')
})

test('times are those of the wall clock, in order, with nanoseconds', () => {
  const clock = new WallClock()
  let last = 0n
  const digits = new Set<bigint>()
  for (let reading = 0; reading < 1000; reading++) {
    const now = clock.now()
    assert.ok(now >= last)
    assert.ok(Math.abs(Number(now / 1_000_000n) - Date.now()) < 100)
    digits.add(now % 1000n)
    last = now
  }
  assert.ok(digits.size > 10, 'the last three digits say something')
  assert.is(new TimeStamps().format(1_594_053_897_270_823_600n), '2020.07.06 16:44:57.270823600')
})

test.run()
