import { randomBytes } from 'node:crypto'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { ModelSettings } from '../../src/models/model.js'
import { Client, eventually, sleep } from '../client.js'
import { withServer } from '../with-server.js'
import { onEachModel } from './every-model.js'

const test = suite('stopping', { timeLimit: 40_000 })

const chunk = randomBytes(64 * 1024)
const reverse = { name: 'reverse', unit: 'line', allowExit: false } as const

/** Those that serve several clients at once. */
const several = (model: ModelSettings) => model.name !== 'single'

async function isRefused(port: number): Promise<void> {
  await eventually(
    'it refuses',
    () =>
      Client.connect(port).then(
        client => {
          client.reset()
          return ''
        },
        error => error.code
      ),
    code => code === 'ECONNREFUSED'
  )
}

async function portsAreFree(ports: readonly number[]): Promise<void> {
  await withServer({ ports }, async ({ server }) => assert.equal(server.ports, ports))
}

onEachModel(
  test,
  'nobody is there: it stops at once, and the ports are free',
  { ports: [0, 0] },
  async ({ server }) => {
    assert.equal(await server.stop(10_000), { open: 0, cutOff: 0, lostBytes: 0 })
    await server.ended
    await portsAreFree(server.ports)
  }
)

onEachModel(
  test,
  'an idle client is let go with FIN, and one that has not read gets everything',
  { pipeThreshold: 128 * 1024 },
  async ({ server, connect }) => {
    const stalled = await connect()
    const sent = await stalled.writeUntilStuck(chunk)
    const idle = await connect()
    await eventually(
      'both are there',
      () => server.stats(),
      ({ open }) => open === 2
    )
    const stopped = server.stop(15_000)
    idle.drop()
    await isRefused(server.ports[0] as number)
    const all = await stalled.readAll()
    assert.is(all.length, sent + chunk.length)
    assert.ok(all.equals(Buffer.alloc(all.length, chunk)))
    stalled.end()
    // Those who tried whether it refuses count as well.
    const { cutOff, lostBytes } = await stopped
    assert.equal({ cutOff, lostBytes }, { cutOff: 0, lostBytes: 0 })
    assert.is(await idle.closed(), undefined)
  },
  several
)

onEachModel(
  test,
  'who has connected before the stop is still served',
  { protocol: reverse },
  async ({ server, connect }) => {
    const clients: Client[] = []
    for (let number = 0; number < 12; number++) {
      const client = await connect()
      await client.write(Buffer.from('before\n'))
      clients.push(client)
    }
    const stopped = server.stop(15_000)
    for (const client of clients) {
      assert.is((await client.readAll()).toString(), 'erofeb\n')
      client.end()
    }
    const { cutOff, lostBytes } = await stopped
    assert.equal({ cutOff, lostBytes }, { cutOff: 0, lostBytes: 0 })
  }
)

onEachModel(
  test,
  'an answer that is being worked on comes before the end',
  { protocol: reverse, delay: 700 },
  async ({ server, connect }) => {
    const client = await connect()
    await client.write(Buffer.from('work\n'))
    await eventually(
      'it has begun',
      () => server.stats(),
      ({ requests }) => requests === 1
    )
    const stopped = server.stop(10_000)
    assert.is((await client.readAll()).toString(), 'krow\n')
    client.end()
    assert.equal(await stopped, { open: 1, cutOff: 0, lostBytes: 0 })
  }
)

onEachModel(
  test,
  'the end of the grace: who does not read is cut off, and the loss is told',
  { pipeThreshold: 128 * 1024 },
  async ({ server, connect }) => {
    const client = await connect()
    await client.writeUntilStuck(chunk)
    const start = performance.now()
    const report = await server.stop(400)
    assert.ok(performance.now() - start >= 395)
    assert.is(report.open, 1)
    assert.is(report.cutOff, 1)
    assert.ok(report.lostBytes > 0)
    client.socket.resume()
    assert.is(await client.closed(), 'ECONNRESET')
    await portsAreFree(server.ports)
  }
)

onEachModel(
  test,
  'the end of the grace: a client that sends for ever does not keep it alive',
  {},
  async ({ server, connect }) => {
    const client = await connect()
    client.socket.resume()
    client.socket.on('error', () => {})
    const flood = setInterval(() => client.socket.write(chunk), 5)
    try {
      await sleep(100)
      const { open } = await server.stop(500)
      assert.is(open, 1)
    } finally {
      clearInterval(flood)
    }
  }
)

onEachModel(test, 'a client that may stops the server', { protocol: { ...reverse, allowExit: true } }, async scene => {
  const client = await scene.connect()
  const all = client.readAll()
  await client.write(Buffer.from('ex'))
  await sleep(50)
  await client.write(Buffer.from('it\n'))
  assert.match(await scene.server.stopAsked, /^127\.0\.0\.1:\d+$/)
  client.end()
  await all
  await scene.server.stop(5000)
  await portsAreFree(scene.server.ports)
})

onEachModel(
  test,
  'at once: work, waiting clients and full sinks notwithstanding',
  { protocol: reverse, delay: 60_000 },
  async ({ server, connect }, model) => {
    const clients = await Promise.all(Array.from({ length: 8 }, () => connect()))
    for (const client of clients) {
      client.socket.on('error', () => {})
      void client.write(Buffer.from('work\n'))
    }
    await sleep(200)
    const start = performance.now()
    await server.abort()
    assert.ok(performance.now() - start < 5000, `${model.name}: ${performance.now() - start} ms`)
    await portsAreFree(server.ports)
  },
  // The thread that works blocks really, and cannot be told anything before it has done.
  model => model.name !== 'ring'
)

test.run()
