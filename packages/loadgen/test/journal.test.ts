import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type ChurnPlan, type CrowdPlan, type LoadReport, type PingPongPlan, startLoad } from '../src/index.js'
import { onMessages, withProtocolServer, withScriptedServer } from './with-protocol-server.js'
import { allEngines, local } from './with-server.js'

for (const engine of allEngines) {
  const test = suite(`journal (${engine})`, { timeLimit: 60_000 })

  const base = (port: number) => ({ targets: [local(port)], seed: 5, engine, protocol: 'journal' as const })

  const crowd = async (port: number, options: Partial<CrowdPlan> = {}): Promise<LoadReport> =>
    (await startLoad({ workload: 'crowd', clients: 20, ...base(port), ...options })).report

  const pingPong = async (port: number, options: Partial<PingPongPlan> = {}): Promise<LoadReport> =>
    (await startLoad({ workload: 'ping-pong', connections: 4, requests: 200, ...base(port), ...options })).report

  test('a crowd: each is greeted, and gets its own reply; all of it is in the journal', async () => {
    await withProtocolServer(['--protocol', 'journal'], async (port, folder) => {
      const report = await crowd(port, { clients: 300 })
      assert.is(report.verdict, 'ok', report.failures[0]?.message)
      assert.is(report.crowd?.atOnce, 300)
      assert.is(report.messages?.echoed, 300)
      assert.is(report.connections.completed, 300)
      assert.is(report.sent, 300 * ('arijort:'.length + 64 + 1))
      assert.is(report.verified, report.received)
      const records = readFileSync(join(folder, 'journal.log'), 'utf8').split('\n')
      assert.is(records.filter(record => record.includes('completed req')).length, 300)
    })
  })

  test('a crowd of more clients than workers: those who wait are greeted later', async () => {
    const args = ['--protocol', 'journal', '--model', 'prefork', '--workers', '2', '--max-workers', '2']
    const report = await withProtocolServer(args, port => crowd(port, { clients: 40 }))
    assert.is(report.verdict, 'ok', report.failures[0]?.message)
    assert.is(report.crowd?.atOnce, 40)
    assert.is(report.messages?.echoed, 40)
  })

  test('ping-pong and churn: any lengths, several on their way, what JSON has to quote', async () => {
    await withProtocolServer(['--protocol', 'journal'], async port => {
      const size = { minimum: 1, maximum: 3_000 }
      const talk = await pingPong(port, { size, pipeline: 4, user: 'foobar', charset: '\\x00-\\x09\\x0e-\\x7f' })
      assert.is(talk.verdict, 'ok', talk.failures[0]?.message)
      assert.is(talk.messages?.echoed, 200)
      const message = Buffer.from('grüße: "quoted" \\ \u0085 \u2028').toString('base64')
      assert.is((await pingPong(port, { message })).verdict, 'ok')
      for (const rst of [false, true]) {
        const plan: ChurnPlan = { workload: 'churn', ...base(port), requests: 100, clients: 8, rst }
        const { verdict, messages, connections } = await (await startLoad(plan)).report
        assert.is(verdict, 'ok')
        assert.equal([messages?.echoed, connections.completed], [100, 100])
      }
    })
  })

  test('a user who is not authorised: rejected, with the reason', async () => {
    const report = await withProtocolServer(['--protocol', 'journal'], port => crowd(port, { user: 'mallory' }))
    assert.is(report.verdict, 'connection failed')
    assert.equal(report.failureCounts, { rejected: 20 })
    assert.match(report.failures[0]?.message as string, /rejected by the server: user "mallory" is not authorised$/)
  })

  test('replies in single bytes', async () => {
    const report = await withScriptedServer(
      socket => serve(socket, { write: byteByByte(socket) }),
      port => pingPong(port, { requests: 20, pipeline: 2, message: Buffer.from('hello').toString('base64') })
    )
    assert.is(report.verdict, 'ok', report.failures[0]?.message)
    assert.is(report.messages?.echoed, 20)
  })

  const faults: readonly (readonly [name: string, change: Change, message: RegExp])[] = [
    ['another message', { edit: line => line.replace('recorded "', 'recorded "x') }, /is not for the message "/],
    ['another user', { edit: line => line.replace('user arijort', 'user foobar') }, /is not for the user arijort$/],
    ['another worker', { edit: line => line.replace('worker 1', 'worker 2') }, /is not from worker 1 \(pid 7\), who/],
    ['a count that stands still', { count: () => 1 }, /does not count this request: the counts before were 1 and 1$/],
    [
      'more here than in all',
      { edit: line => line.replace(/\d+ in all/, '0 in all') },
      /more for the worker than in all/,
    ],
    ['a reply of another kind', { edit: () => 'thanks\n' }, /the reply "thanks" is not that of a journal$/],
    ['another greeting', { hello: 'WELCOME\n' }, /the greeting "WELCOME" is not that of a journal$/],
    [
      'two replies for one',
      { edit: line => line + line },
      /(nothing was to come, but "OK worker|is not for the message)/,
    ],
  ]
  for (const [name, change, message] of faults) {
    test(`a wrong server: ${name}`, async () => {
      const report = await withScriptedServer(
        socket => serve(socket, change),
        port => pingPong(port, { requests: 1_000, connections: 1 })
      )
      assert.is(report.verdict, 'wrong bytes')
      assert.match(report.failures[0]?.message as string, message)
    })
  }

  test('a server that closes after the greeting, and one that never greets', async () => {
    const closed = await withScriptedServer(
      socket => socket.end(hello),
      port => crowd(port)
    )
    assert.is(closed.failureCounts['closed early'], 20)
    const silent = await withScriptedServer(
      () => {},
      port => crowd(port, { stallTimeout: 500 })
    )
    assert.equal(silent.failureCounts, { stalled: 20 })
  })

  test.run()
}

const hello = 'HELLO from worker 1 (pid 7): send <user>:<message>\n'

/** What a server does otherwise than a right one. */
interface Change {
  readonly hello?: string
  readonly count?: (requests: number) => number
  readonly edit?: (line: string) => string
  readonly write?: (text: string) => void
}

function byteByByte(socket: Socket): (text: string) => void {
  return text => {
    for (const byte of Buffer.from(text)) socket.write(Buffer.of(byte))
  }
}

function serve(socket: Socket, change: Change): void {
  const { count = requests => requests, edit = line => line, write = text => socket.write(text) } = change
  let requests = 0
  write(change.hello ?? hello)
  onMessages(socket, '\n', line => {
    const at = line.indexOf(':')
    const counted = count(++requests)
    const recorded = `${JSON.stringify(line.slice(at + 1))} from user ${line.slice(0, at)}`
    write(edit(`OK worker 1 (pid 7) recorded ${recorded}; ${counted} requests here, ${counted} in all\n`))
  })
}
