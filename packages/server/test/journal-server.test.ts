import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type Client, eventually, sleep, within } from './client.js'
import { run, withServerProcess } from './server-process.js'
import { inTemporaryFolder } from './temporary-folder.js'

const test = suite('journal, on a server', { timeLimit: 60_000 })

/** The lines that come, one after the other. */
function lines(client: Client): AsyncIterator<string> {
  return (async function* () {
    let text = ''
    for await (const part of client.socket) {
      text += part
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        yield text.slice(0, end)
        text = text.slice(end + 1)
      }
    }
  })()
}

/** Sends numbered messages one after the other, and returns those that were answered when the connection ends. */
async function sendUntilTheEnd(client: Client, name: string, most = Number.POSITIVE_INFINITY): Promise<string[]> {
  const answered: string[] = []
  const answers = lines(client)
  try {
    await answers.next()
    while (answered.length < most) {
      const message = `${name}-${answered.length}`
      await client.write(Buffer.from(`foobar:${message}\n`))
      const { value, done } = await within('an answer', answers.next())
      if (done) break
      assert.match(value, `recorded "${message}" from user foobar`)
      answered.push(message)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
  }
  return answered
}

function completedIn(file: string): Set<string> {
  const text = readFileSync(file, 'utf8')
  assert.ok(text.endsWith('\n'))
  const completed = new Set<string>()
  for (const line of text.split('\n').slice(0, -1)) {
    const match = /^\d{4}\.\d\d\.\d\d \d\d:\d\d:\d\d\.\d{9} -- (server \d+ recvd|completed req "(\S+)" on \d+)/.exec(
      line
    )
    assert.ok(match, `not a record: ${line}`)
    if (match?.[2] !== undefined) completed.add(match[2])
  }
  return completed
}

test('what was answered is in the journal after SIGKILL', async () => {
  await inTemporaryFolder(async folder => {
    const file = join(folder, 'log')
    await withServerProcess(['--protocol', 'journal', '--journal', file], async ({ server, connect }) => {
      const clients = await Promise.all(Array.from({ length: 20 }, () => connect()))
      const sending = clients.map((client, index) => sendUntilTheEnd(client, `c${index}`))
      await sleep(500)
      server.child.kill('SIGKILL')
      const answered = (await Promise.all(sending)).flat()
      assert.ok(answered.length > 20, `${answered.length} answered`)
      const completed = completedIn(file)
      for (const message of answered) assert.ok(completed.has(message), `${message} was answered`)
    })
  })
})

test('several servers write to one journal and never mix their lines', async () => {
  await inTemporaryFolder(async folder => {
    const file = join(folder, 'log')
    const args = ['--protocol', 'journal', '--journal', file]
    await withServerProcess(args, async first => {
      await withServerProcess(args, async second => {
        const sending = [first, second].flatMap(({ connect }, server) =>
          Array.from({ length: 10 }, async (_, index) =>
            sendUntilTheEnd(await connect(), `s${server}c${index}-${'x'.repeat(index * 500)}`, 50)
          )
        )
        const answered = (await Promise.all(sending)).flat()
        assert.is(answered.length, 1000)
        assert.equal(new Set(answered), completedIn(file))
      })
    })
  })
})

test('the users come from a file; the worker survives who is none', async () => {
  await inTemporaryFolder(async folder => {
    const users = join(folder, 'users')
    writeFileSync(users, '# who may\nalice\n\n')
    const args = ['--protocol', 'journal', '--journal', join(folder, 'log'), '--users', users]
    await withServerProcess(args, async ({ connect, server }) => {
      const stranger = await connect()
      const all = stranger.readAll()
      void stranger.write(Buffer.from('foobar:x\n'))
      assert.match((await all).toString(), /^HELLO .*\nERROR user "foobar" is not authorised\n$/)
      const alice = await connect()
      const answers = lines(alice)
      await answers.next()
      void alice.write(Buffer.from('alice:hello\n'))
      assert.match((await answers.next()).value, /recorded "hello" from user alice; 1 requests here, 1 in all/)
      await eventually(
        'the log says so',
        () => server.stderr,
        text => /WARN: 127\.0\.0\.1:\d+: user "foobar" is not authorised; closed/.test(text)
      )
    })
  })
})

test('a wrong command line says what is wrong, and what to try', async () => {
  await inTemporaryFolder(async folder => {
    const empty = join(folder, 'empty')
    writeFileSync(empty, '\n')
    const cases = [
      ['--protocol journal --users /nonexistent', 2, /--users: '\/nonexistent' cannot be read \(ENOENT\)/],
      [`--protocol journal --users ${empty}`, 2, /names no user/],
      ['--users x', 2, /'x' cannot be read/],
      ['--journal x', 2, /--journal is for --protocol journal, and the protocol is echo/],
      ['--protocol journal --unit line', 2, /--unit is for --protocol reverse/],
      ['--protocol journal --journal /nonexistent/log', 1, /cannot be written \(ENOENT\)/],
    ] as const
    for (const [args, code, pattern] of cases) {
      const ending = await run(['--ports', '0', ...args.split(' ')])
      assert.match(ending.stderr, pattern)
      assert.is(ending.stderr.trim().split('\n').length, 1, ending.stderr)
      assert.is(ending.code, code, args)
    }
  })
})

test.run()
