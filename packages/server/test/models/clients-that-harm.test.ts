import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type Client, sleep } from '../client.js'
import { allGone, chunk, eventualStats, repeated, resetUnread } from '../stalled-clients.js'
import { onEachModel, servesOneAtATime } from './every-model.js'

const test = suite('clients that harm no model', { timeLimit: 40_000 })

const line = Buffer.from(`${'x'.repeat(50_000)}\n`)
const reverse = { name: 'reverse', unit: 'line', allowExit: false } as const

async function isServed(client: Client): Promise<boolean> {
  void client.write(Buffer.from('hello\n'))
  return (await client.read(6)).toString() === 'olleh\n'
}

onEachModel(test, 'a half-close is answered with everything, then FIN', { protocol: reverse }, async ({ connect }) => {
  const client = await connect()
  const all = client.readAll()
  for (let number = 0; number < 20; number++) void client.write(line)
  void client.write(Buffer.from('the last has no newline'))
  client.end()
  const expected = `${'x'.repeat(50_000)}\n`.repeat(20) + [...'the last has no newline'].reverse().join('')
  assert.ok((await all).equals(Buffer.from(expected)))
  assert.is(await client.closed(), undefined)
})

onEachModel(
  test,
  'a client that never reads, and then resets, is let go',
  { protocol: reverse, pipeThreshold: 128 * 1024 },
  async scene => {
    await resetUnread(scene, line)
    assert.ok(await isServed(await scene.connect()))
  }
)

onEachModel(
  test,
  'a client that never reads gets everything once it does',
  { pipeThreshold: 128 * 1024 },
  async ({ server, connect }) => {
    const client = await connect()
    const sent = await client.writeUntilStuck(chunk)
    const held = await eventualStats(server, 'bytes are held', ({ heldBytes }) => heldBytes > 0)
    assert.ok(held.heldBytes <= 128 * 1024 + 1024 * 1024, `${held.heldBytes} held`)
    // What the kernel has not taken, and is on its way from the client since the last chunk.
    const all = await client.read(sent)
    assert.ok(all.equals(repeated(sent)))
    await client.read(chunk.length)
    const stats = await eventualStats(server, 'nothing is held', ({ heldBytes }) => heldBytes === 0)
    assert.is(stats.lostBytes, 0)
  }
)

onEachModel(
  test,
  'the idle timeout frees a worker whose client does not read, and counts the loss',
  { protocol: reverse, idleTimeout: 400, messageTimeout: Number.POSITIVE_INFINITY },
  async ({ server, connect }) => {
    const client = await connect()
    await client.writeUntilStuck(line, 200)
    const stats = await allGone(server)
    assert.is(stats.timedOut, 1)
    assert.ok(stats.lostBytes > 0)
    assert.is(stats.heldBytes, 0)
    client.socket.resume()
    assert.is(await client.closed(), 'ECONNRESET')
    assert.ok(await isServed(await connect()))
  }
)

onEachModel(
  test,
  'a client that says nothing is told that it was idle',
  { protocol: reverse, idleTimeout: 300 },
  async ({ server, connect }) => {
    const [idle, next] = [await connect(), await connect()]
    assert.match((await idle.readAll()).toString(), /^ERROR nothing came for 300ms/)
    idle.end()
    // A model that serves one at a time has the next one's time begin when it is its turn.
    assert.match((await next.readAll()).toString(), /^ERROR nothing came for 300ms/)
    next.end()
    const stats = await allGone(server)
    assert.is(stats.timedOut, 2)
    assert.is(stats.reset, 0)
  }
)

onEachModel(
  test,
  'a client that trickles one message has so much time for it and no more',
  { protocol: reverse, messageTimeout: 500 },
  async ({ server, connect }) => {
    const client = await connect()
    const answer = client.readAll()
    const trickle = setInterval(() => client.socket.write('x'), 50)
    try {
      assert.match((await answer).toString(), /^ERROR line not complete after 500ms/)
    } finally {
      clearInterval(trickle)
    }
    client.end()
    await eventualStats(server, 'it is counted', ({ slowMessages }) => slowMessages === 1)
    assert.ok(await isServed(await connect()))
  }
)

onEachModel(
  test,
  'a client that is refused gets the reason even though it goes on sending',
  { protocol: reverse, maxMessage: 1000 },
  async ({ connect }) => {
    const client = await connect()
    const answer = client.readAll()
    client.socket.on('error', () => {})
    for (let number = 0; number < 20; number++) client.socket.write('y'.repeat(10_000))
    assert.match((await answer).toString(), /^ERROR line longer than/)
    client.end()
    assert.ok(await isServed(await connect()))
  }
)

onEachModel(
  test,
  'clients that hold all workers keep the next one waiting, until one of them goes',
  {},
  async ({ connect, server }, model) => {
    const count = 'workers' in model ? model.workers : 1
    const silent = await Promise.all(Array.from({ length: count }, () => connect()))
    const next = await connect()
    void next.write(Buffer.from('hello'))
    await sleep(200)
    assert.is(next.socket.readableLength, 0)
    silent[0]?.reset()
    assert.is((await next.read(5)).toString(), 'hello')
    assert.is((await server.stats()).accepted, count + 1)
  },
  servesOneAtATime
)

test.run()
