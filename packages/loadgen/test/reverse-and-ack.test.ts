import type { Socket } from 'node:net'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type ChurnPlan, type CrowdPlan, type LoadReport, type PingPongPlan, startLoad } from '../src/index.js'
import { onMessages, withProtocolServer, withScriptedServer } from './with-protocol-server.js'
import { allEngines, local } from './with-server.js'

const endOfText = '\x03'

for (const engine of allEngines) {
  for (const protocol of ['reverse', 'ack'] as const) {
    const test = suite(`${protocol} (${engine})`, { timeLimit: 60_000 })

    const base = (port: number) => ({ targets: [local(port)], seed: 5, engine, protocol })

    test('ping-pong, churn and crowd with our own server: every reply is verified', async () => {
      const pingPong = { ...{ connections: 8, pipeline: 4, requests: 400 }, size: { minimum: 1, maximum: 40_000 } }
      const plans = (port: number): (PingPongPlan | ChurnPlan | CrowdPlan)[] => [
        { workload: 'ping-pong', ...base(port), ...pingPong },
        { workload: 'churn', ...base(port), clients: 8, requests: 100 },
        { workload: 'churn', ...base(port), clients: 8, requests: 100, rst: true },
        { workload: 'crowd', ...base(port), clients: 200, threads: 2 },
      ]
      await withProtocolServer(['--protocol', protocol], async port => {
        for (const plan of plans(port)) {
          const report = await (await startLoad(plan)).report
          assert.is(report.verdict, 'ok', report.failures[0]?.message)
          assert.is(report.messages?.echoed, report.messages?.planned)
          assert.is(report.verified, report.received)
          assert.is(report.connections.completed, report.connections.established)
        }
      })
    })

    test('a message over the limit: rejected, with the reason', async () => {
      const args = ['--protocol', protocol, '--max-message', '1k']
      const report = await withProtocolServer(args, port => talk(base(port), { size: fixed(1_025) }))
      assert.is(report.verdict, 'connection failed')
      assert.ok((report.failureCounts.rejected as number) >= 1, JSON.stringify(report.failureCounts))
      assert.match(report.failures[0]?.message as string, /rejected by the server: .*longer than 1/)
    })

    test.run()
  }
}

const test = suite('reverse and ack: wrong servers', { timeLimit: 20_000 })

const reverse = (port: number) => ({ targets: [local(port)], seed: 5, protocol: 'reverse' as const })
const ack = (port: number) => ({ ...reverse(port), protocol: 'ack' as const })

test('reverse: lines that come back as they are', async () => {
  const report = await withScriptedServer(
    socket => socket.pipe(socket),
    port => talk(reverse(port))
  )
  assert.is(report.verdict, 'wrong bytes')
  assert.match(report.failures[0]?.message as string, /offset 0: byte 0 of a reply of 65 has to be 0x.., got 0x/)
})

test('reverse: one byte that is wrong, far into the stream, and the window round it', async () => {
  let lines = 0
  const report = await withScriptedServer(
    socket => onMessages(socket, '\n', line => socket.write(`${reversed(line, ++lines === 10)}\n`)),
    port => talk(reverse(port), { connections: 1 })
  )
  assert.is(report.verdict, 'wrong bytes')
  const { mismatch, verified } = report.failures[0] ?? {}
  assert.is(verified, 9 * 65)
  assert.is(mismatch?.offset, 9 * 65 + 40)
  assert.is(mismatch?.windowStart, 9 * 65 + 8)
  const [wanted, got] = [mismatch?.expected, mismatch?.received].map(hex => Buffer.from(hex as string, 'hex'))
  assert.is(wanted?.length, 57)
  assert.equal(got?.subarray(0, 32), wanted?.subarray(0, 32))
  assert.is(got?.[32], (wanted?.[32] as number) ^ 1)
})

test('reverse: two replies that change places', async () => {
  const swap = (socket: Socket) => {
    let held: string | undefined
    onMessages(socket, '\n', line => {
      if (held === undefined) held = line
      else {
        socket.write(`${reversed(line)}\n${reversed(held)}\n`)
        held = undefined
      }
    })
  }
  const report = await withScriptedServer(swap, port => talk(reverse(port), { pipeline: 2, connections: 1 }))
  assert.is(report.verdict, 'wrong bytes')
})

test('ack: another word, one too many, and one that is cut short', async () => {
  const acknowledging = (answer: string) => (socket: Socket) =>
    onMessages(socket, endOfText, () => socket.write(answer))
  const run = (answer: string) => withScriptedServer(acknowledging(answer), port => talk(ack(port)))
  for (const answer of ['nak', 'acc', 'ackack']) assert.is((await run(answer)).verdict, 'wrong bytes', answer)
  const short = await withScriptedServer(
    socket => onMessages(socket, endOfText, () => socket.end('ac')),
    port => talk(ack(port))
  )
  assert.ok((short.failureCounts['closed early'] as number) >= 1)
})

test('ack: goodbye is said, and an answer to it or silence is a failure', async () => {
  const words: string[] = []
  const serve = (farewell: (socket: Socket) => void) => (socket: Socket) =>
    onMessages(socket, endOfText, message => {
      if (message !== 'goodbye') socket.write('ack')
      else {
        words.push(message)
        farewell(socket)
      }
    })
  const run = (farewell: (socket: Socket) => void) =>
    withScriptedServer(serve(farewell), port => talk(ack(port), { requests: 20, stallTimeout: 500 }))
  const right = await run(socket => socket.end())
  assert.is(right.verdict, 'ok', right.failures[0]?.message)
  assert.is(words.length, 4)
  assert.equal((await run(() => {})).failureCounts, { 'not closed': 4 })
  assert.is((await run(socket => socket.end('ack'))).verdict, 'wrong bytes')
})

test.run()

async function talk(
  base: Pick<PingPongPlan, 'targets' | 'seed' | 'protocol'>,
  options: Partial<PingPongPlan> = {}
): Promise<LoadReport> {
  return (await startLoad({ workload: 'ping-pong', connections: 4, requests: 1_000, ...base, ...options })).report
}

function fixed(size: number): { minimum: number; maximum: number } {
  return { minimum: size, maximum: size }
}

/** With `wrong` one bit of byte 40 is another. */
function reversed(line: string, wrong = false): string {
  const bytes = Buffer.from(line, 'latin1').reverse()
  if (wrong) bytes[40] = (bytes[40] as number) ^ 1
  return bytes.toString('latin1')
}
