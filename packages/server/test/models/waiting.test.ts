import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { ModelSettings } from '../../src/models/model.js'
import { type Client, eventually, sleep } from '../client.js'
import { type Scene, withServer } from '../with-server.js'
import { nameOf, onEachModel, servesOneAtATime } from './every-model.js'

const test = suite('who waits for whom', { timeLimit: 30_000 })

async function isServed(client: Client): Promise<boolean> {
  void client.write(Buffer.from('hello'))
  return (await client.read(5)).toString() === 'hello'
}

/** The models that serve only so many clients at once, and how many those are. */
const limited: readonly [ModelSettings, number][] = [
  [{ name: 'single' }, 1],
  [{ name: 'threaded', workers: 5, queue: 128 }, 5],
  [{ name: 'threaded', workers: 5, queue: 1 }, 5],
  [{ name: 'prefork', workers: 5, minSpare: 1, maxWorkers: 5, connectionsPerWorker: 1 }, 5],
]

for (const [model, served] of limited) {
  test(`${nameOf(model)}: the client after the first ${served} waits, and is then served`, () =>
    withServer({ ports: [0], model }, async ({ server, connect }) => {
      const first = await Promise.all(Array.from({ length: served }, () => connect()))
      for (const client of first) assert.ok(await isServed(client))
      const waiting = await connect()
      void waiting.write(Buffer.from('patience'))
      await sleep(400)
      assert.is(waiting.socket.readableLength, 0, 'it has got something')
      const stats = await server.stats()
      assert.is(stats.open, served)
      assert.is(stats.accepted, served)
      // The others are served as before.
      for (const client of first) assert.ok(await isServed(client))
      first[0]?.drop()
      first[0]?.end()
      assert.is((await waiting.read(8)).toString(), 'patience')
    }))
}

onEachModel(
  test,
  'a client that says nothing keeps nobody waiting',
  {},
  async ({ connect }) => {
    const silent = await Promise.all(Array.from({ length: 20 }, () => connect()))
    assert.ok(await isServed(await connect()))
    for (const client of silent) assert.ok(await isServed(client))
  },
  model => !servesOneAtATime(model)
)

test('epoll, 4 loops: the kernel spreads the connections, and each loop tells its share', () =>
  withServer({ ports: [0, 0], model: { name: 'epoll', loops: 4 } }, async ({ server, connect }: Scene) => {
    for (let number = 0; number < 64; number++) assert.ok(await isServed(await connect(server.ports[number % 2])))
    const shares = (await server.workers()).map(({ open }) => open)
    assert.is(shares.length, 4)
    assert.is(
      shares.reduce((sum, share) => sum + share),
      64
    )
    // One in four, each with a chance of 0.75^64 of being left out: it does not happen.
    assert.ok(
      shares.every(share => share > 0),
      `spread: ${shares}`
    )
  }))

test('epoll, 2 loops: a port that others share already is refused', () =>
  withServer({ ports: [0], model: { name: 'epoll', loops: 2 } }, async ({ server }) => {
    const again = withServer({ ports: server.ports, model: { name: 'epoll', loops: 2 } }, async () => {})
    await again.then(
      () => assert.unreachable('it shares'),
      error => assert.match(error.message, `port ${server.ports[0]} of 127.0.0.1 is taken`)
    )
  }))

test('threaded: of the accepted no more than the queue holds are taken from the backlog', () =>
  withServer({ ports: [0], model: { name: 'threaded', workers: 1, queue: 2 } }, async ({ server, connect }) => {
    const clients: Client[] = []
    for (let number = 0; number < 10; number++) clients.push(await connect())
    for (const client of clients) {
      assert.ok(await isServed(client), 'in the order of their coming')
      assert.is((await server.stats()).open, 1)
      client.drop()
      client.end()
    }
    await eventually(
      'all are gone',
      () => server.stats(),
      ({ open, accepted }) => open === 0 && accepted === 10
    )
  }))

test.run()
