import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { Launch, ServerContender } from '../src/contenders/contender.js'
import { servers } from '../src/contenders/servers.js'
import { compileLoadClient, LoadClient } from '../src/load-client.js'
import { isAbsent, prepareServer } from '../src/preparation.js'
import { RunningServer } from '../src/running-server.js'
import { Missing } from '../src/toolbox.js'
import { withCompiler } from './compiler.js'

const test = suite('contenders')
const timeLimit = 30_000

/** Runs the load client to its end against a server. */
async function load(port: number, args: readonly string[]): Promise<number> {
  const client = new LoadClient(await compileLoadClient(), [...args, '--port', `${port}`])
  try {
    return (await client.finished).messages
  } finally {
    await client.stop()
  }
}

/** Sends and reads nothing until no more is taken; then sends the rest, and compares everything that comes back. */
async function readLater(port: number): Promise<void> {
  const sent = randomBytes(48 * 1024 ** 2)
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  try {
    socket.pause()
    let taken = true
    let end = 0
    while (taken && end < sent.length) {
      const start = end
      end += 1024 ** 2
      const drained = socket.write(sent.subarray(start, end)) || once(socket, 'drain').then(() => true)
      taken = await Promise.race([drained, sleep(300, false)])
    }
    assert.not.ok(taken, 'all was taken: it holds more than anybody should')
    socket.end(sent.subarray(end))
    let offset = 0
    for await (const bytes of socket) {
      assert.ok(sent.subarray(offset, offset + bytes.length).equals(bytes), `wrong bytes from offset ${offset}`)
      offset += bytes.length
      if (offset === sent.length) break
    }
    assert.is(offset, sent.length)
  } finally {
    socket.destroy()
  }
}

async function withServer(name: string, launch: Launch, use: (server: RunningServer) => Promise<void>): Promise<void> {
  const server = await RunningServer.start(name, launch)
  try {
    await use(server)
  } finally {
    await server.stop()
  }
}

for (const contender of servers) {
  const launch = await contender.prepare().catch(error => error as Error)
  const name = `${contender.name} echoes, many at once, beside clients that never read and after resets`
  if (launch instanceof Error) {
    assert.instance(launch, Missing)
    test.skip(name, launch.message)
    continue
  }
  const body = () =>
    withServer(contender.name, launch, async ({ port }) => {
      const silent = new LoadClient(await compileLoadClient(), [
        ...['hold', '--connections', '10', '--never-read', '2', '--port', `${port}`],
      ])
      try {
        await silent.begun
        await readLater(port)
        await load(port, ['stream', '--verify', '--bytes', '4000001', '--connections', '3'])
        const brief = ['--warmup', '0', '--duration', '0.5']
        assert.ok((await load(port, ['requests', '--connections', '100', '--size', '4096', ...brief])) > 0)
        assert.ok((await load(port, ['requests', '--connections', '5', '--pipeline', '16', ...brief])) > 0)
      } finally {
        // Its unread bytes make its connections end by RST.
        await silent.stop()
      }
      assert.is(await load(port, ['connects', '--count', '100', '--parallel', '8']), 100)
    })
  // An engine that this version of the server does not have is absent, as bench itself would say.
  const startable = await RunningServer.start(contender.name, launch).then(
    server => server.stop(),
    error => error as Error
  )
  if (startable instanceof Error) test.skip(name, startable.message)
  else withCompiler(test, name, body, { timeLimit })
}

function made(script: string): ServerContender {
  const program = process.execPath
  return {
    ...{ role: 'server', name: 'made', title: 'made for a test' },
    prepare: async () => port => [{ program, args: ['-e', script, `${port}`], listensOn: port }],
  }
}

const listen = "listen(Number(process.argv[1]), '127.0.0.1')"

const unfit: readonly (readonly [what: string, script: string, reason: RegExp])[] = [
  ['ends at once', "console.error('no licence'); process.exit(3)", /^does not start: no licence$/],
  [
    'alters bytes',
    `require('net').createServer(s => s.on('data', b => { b[7] ^= 1; s.write(b) }).on('error', () => {})).${listen}`,
    /^connection \d: wrong byte at offset \d+$/,
  ],
  [
    'closes early',
    `require('net').createServer(s => s.once('data', () => s.end()).on('error', () => {})).${listen}`,
    /closed by the server|reset by peer|Broken pipe/i,
  ],
]
for (const [what, script, reason] of unfit) {
  withCompiler(
    test,
    `a server that ${what} does not take part`,
    async () => {
      const prepared = await prepareServer(made(script), await compileLoadClient())
      assert.ok(isAbsent(prepared))
      assert.match(prepared.reason, reason)
    },
    { timeLimit }
  )
}

withCompiler(
  test,
  'a contender whose tool is missing does not take part',
  async () => {
    const contender = made('')
    const prepare = async () => {
      throw new Missing('go not found on PATH')
    }
    const prepared = await prepareServer({ ...contender, prepare }, await compileLoadClient())
    assert.equal(prepared, { contender: 'made', reason: 'go not found on PATH' })
  },
  { timeLimit }
)

test.run()
