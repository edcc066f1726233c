import { randomBytes, randomInt } from 'node:crypto'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type Client, sleep } from './client.js'
import { allGone, chunk, eventualStats, repeated, resetUnread } from './stalled-clients.js'
import { onEachEngine } from './with-server.js'

const test = suite('echo')

const threshold = 256 * 1024
const blockSize = 64 * 1024

onEachEngine(test, 'writes back every byte, on every port', { ports: [0, 0, 0, 0] }, async ({ server, connect }) => {
  assert.is(new Set(server.ports).size, 4)
  for (const port of server.ports) {
    const client = await connect(port)
    for (const size of [1, 2, 1000, 65_536, 1_048_576, randomInt(1, 3_000_000)]) {
      const bytes = randomBytes(size)
      const written = client.write(bytes)
      assert.ok((await client.read(size)).equals(bytes), `${size} bytes on port ${port}`)
      await written
    }
  }
})

onEachEngine(test, 'keeps many clients apart', {}, async ({ connect }) => {
  const talk = async () => {
    const client = await connect()
    for (let message = 0; message < 20; message++) {
      const bytes = randomBytes(randomInt(1, 20_000))
      void client.write(bytes)
      assert.ok((await client.read(bytes.length)).equals(bytes))
    }
  }
  await Promise.all(Array.from({ length: 50 }, talk))
})

onEachEngine(test, 'gives a client that trickles each byte as it comes', {}, async ({ connect }) => {
  const client = await connect()
  const bytes = randomBytes(200)
  for (const byte of bytes) {
    await client.write(Uint8Array.of(byte))
    assert.is((await client.read(1))[0], byte)
  }
})

onEachEngine(
  test,
  'holds one threshold for a client that never reads, and serves the others',
  { pipeThreshold: threshold },
  async ({ server, connect }) => {
    const stalled = await connect()
    const sent = await stalled.writeUntilStuck(chunk)
    const stats = await eventualStats(server, 'the pipe is full', ({ heldBytes }) => heldBytes >= threshold - blockSize)
    assert.ok(stats.heldBytes <= threshold + readOverrun(server.engine ?? ''), `${stats.heldBytes} held`)
    assert.ok(
      stats.leasedBytes <= threshold + blockSize + readOverrun(server.engine ?? ''),
      `${stats.leasedBytes} leased`
    )
    assert.is(stats.bytesIn, stats.bytesOut + stats.heldBytes)

    const other = await connect()
    void other.write(chunk)
    assert.ok((await other.read(chunk.length)).equals(chunk))

    assert.ok((await stalled.read(sent)).equals(repeated(sent)), 'everything comes back once it reads')
    await eventualStats(server, 'the memory is returned', ({ leasedBytes }) => leasedBytes === 0)
  }
)

/** What an engine that cannot bound a read may hold above the threshold. */
function readOverrun(engine: string): number {
  return engine === 'node' ? 64 * 1024 : 0
}

onEachEngine(
  test,
  'does not turn while a client does not read',
  { pipeThreshold: threshold },
  async ({ server, connect }) => {
    const stalled = await connect()
    await stalled.writeUntilStuck(chunk)
    await connect()
    const before = await server.stats()
    await sleep(500)
    const after = await server.stats()
    assert.ok(after.turns - before.turns <= 5, `${after.turns - before.turns} turns in half a second`)
    assert.is(after.bytesIn, before.bytesIn)
  }
)

onEachEngine(test, 'works with a threshold of one byte', { pipeThreshold: 1 }, async ({ connect }) => {
  const client = await connect()
  const bytes = randomBytes(20_000)
  void client.write(bytes)
  assert.ok((await client.read(bytes.length)).equals(bytes))
})

onEachEngine(
  test,
  'holds a hundred thresholds for a hundred clients that never read',
  { pipeThreshold: threshold, timeLimit: 60_000 },
  async ({ server, connect }) => {
    const clients = await Promise.all(Array.from({ length: 100 }, () => connect()))
    let stats = await server.stats()
    // On a busy machine a client is stuck although the server only has not had its turn.
    for (let round = 0; stats.heldBytes <= 50 * threshold && round < 20; round++) {
      await Promise.all(clients.map(client => client.writeUntilStuck(chunk, 1000)))
      stats = await server.stats()
    }
    assert.ok(stats.heldBytes > 50 * threshold, `only ${stats.heldBytes} held`)
    const each = threshold + readOverrun(server.engine ?? '')
    assert.is(stats.open, 100)
    assert.ok(stats.heldBytes <= 100 * each, `${stats.heldBytes} held`)
    assert.ok(stats.leasedBytes <= 100 * (each + blockSize), `${stats.leasedBytes} leased`)
    for (const client of clients) client.reset()
    const end = await allGone(server)
    assert.is(end.leasedBytes, 0)
    assert.is(end.heldBytes, 0)
    assert.is(end.bytesIn, end.bytesOut + end.lostBytes)
  }
)

onEachEngine(test, 'answers a half-close with everything, then FIN', {}, async ({ server, connect }) => {
  const client = await connect()
  const bytes = randomBytes(6_000_000)
  const all = client.readAll()
  void client.write(bytes)
  client.end()
  assert.ok((await all).equals(bytes))
  assert.is(await client.closed(), undefined)
  const stats = await allGone(server)
  assert.is(stats.reset, 0)
  assert.is(stats.lostBytes, 0)
})

onEachEngine(
  test,
  'drains to a client that half-closes while it does not read',
  { pipeThreshold: threshold },
  async ({ server, connect }) => {
    const client = await connect()
    const sent = await client.writeUntilStuck(chunk)
    client.end()
    await sleep(100)
    assert.is((await server.stats()).open, 1)
    const all = await client.readAll()
    // The chunk that was stuck went out as well before the FIN.
    assert.is(all.length, sent + chunk.length)
    assert.ok(all.equals(repeated(all.length)))
    await eventualStats(server, 'it is closed', ({ open, leasedBytes }) => open === 0 && leasedBytes === 0)
  }
)

onEachEngine(
  test,
  'frees everything when a client that does not read resets',
  { pipeThreshold: threshold },
  async scene => {
    const stats = await resetUnread(scene, chunk)
    assert.ok(stats.lostBytes > 0)
    assert.is(stats.bytesIn, stats.bytesOut + stats.lostBytes)
  }
)

onEachEngine(
  test,
  'outlives clients that vanish in every way, and goes on with the older ones',
  {},
  async ({ server, connect }) => {
    const older = await connect()
    const say = async (client: Client) => {
      const bytes = randomBytes(5000)
      void client.write(bytes)
      assert.ok((await client.read(bytes.length)).equals(bytes))
    }
    await say(older)
    for (let round = 0; round < 30; round++) {
      const [idle, silent, writing, reading] = await Promise.all([connect(), connect(), connect(), connect()])
      idle.reset()
      silent.end()
      // Reset while the server is writing to it.
      for (const client of [writing, reading]) client.socket.write(randomBytes(300_000))
      await reading.read(1000)
      writing.reset()
      reading.reset()
      await say(older)
    }
    await say(await connect())
    const stats = await eventualStats(server, 'only two are open', ({ open }) => open === 2)
    assert.is(stats.leasedBytes, 0)
    assert.is(stats.accepted, 122)
  }
)

onEachEngine(test, 'serves a client that reads slowly, in order', { pipeThreshold: 64 * 1024 }, async ({ connect }) => {
  const client = await connect()
  const bytes = randomBytes(3_000_000)
  void client.write(bytes)
  client.end()
  const parts: Buffer[] = []
  for (let got = 0; got < bytes.length; ) {
    const part = await client.read(Math.min(50_000, bytes.length - got))
    parts.push(part)
    got += part.length
    if (parts.length % 10 === 0) await sleep(20)
  }
  assert.ok(Buffer.concat(parts).equals(bytes))
})

test.run()
