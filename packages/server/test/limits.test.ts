import { randomBytes } from 'node:crypto'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { ServerReport } from '../src/index.js'
import { type Client, eventually, sleep } from './client.js'
import { engines, onEachEngine, testOn, withServer } from './with-server.js'

const test = suite('limits')

const chunk = randomBytes(64 * 1024)

async function isServed(client: Client): Promise<boolean> {
  const bytes = randomBytes(100)
  void client.write(bytes)
  return (await client.read(bytes.length)).equals(bytes)
}

onEachEngine(
  test,
  'the idle timeout closes what is idle, and nothing else',
  { idleTimeout: 400 },
  async ({ server, connect }) => {
    const [idle, busy] = await Promise.all([connect(), connect()])
    idle.drop()
    const start = performance.now()
    let idleEnded = 0
    const ended = idle.closed().then(error => {
      idleEnded = performance.now() - start
      return error
    })
    while (performance.now() - start < 1000) {
      assert.ok(await isServed(busy))
      await sleep(50)
    }
    assert.is(await ended, undefined, 'it ends with FIN')
    assert.ok(idleEnded >= 395, `ended after ${idleEnded} ms`)
    assert.ok(idleEnded < 800, `ended after ${idleEnded} ms`)
    const stats = await server.stats()
    assert.is(stats.open, 1)
    assert.is(stats.timedOut, 1)
    assert.is(stats.reset, 0)
  }
)

onEachEngine(
  test,
  'the idle timeout resets a client that has not read, and counts what it lost',
  { idleTimeout: 400, pipeThreshold: 256 * 1024 },
  async ({ server, connect }) => {
    const client = await connect()
    await client.writeUntilStuck(chunk, 200)
    const stats = await eventually(
      'it is closed',
      () => server.stats(),
      ({ open }) => open === 0
    )
    assert.is(stats.timedOut, 1)
    assert.ok(stats.lostBytes > 0)
    assert.is(stats.leasedBytes, 0)
    client.socket.resume()
    assert.is(await client.closed(), 'ECONNRESET')
  }
)

onEachEngine(
  test,
  'no more than the most allowed are served at once; the next waits its turn',
  { maxConnections: 2 },
  async ({ server, connect }) => {
    const [first, second] = [await connect(), await connect()]
    assert.ok((await isServed(first)) && (await isServed(second)))
    const third = await connect()
    void third.write(Buffer.from('patience'))
    await sleep(200)
    assert.is(third.socket.readableLength, 0)
    assert.is((await server.stats()).open, 2)
    first.drop()
    first.end()
    assert.is((await third.read(8)).toString(), 'patience')
    const { accepted, full } = await server.stats()
    assert.is(accepted, 3)
    assert.is(full, 2)
  }
)

test('being full is reported once, however often clients come and go', async () => {
  const reports: ServerReport[] = []
  const onReport = (report: ServerReport) => reports.push(report)
  await withServer({ ports: [0, 0], maxConnections: 1, onReport }, async ({ server, connect }) => {
    for (let round = 0; round < 5; round++) {
      const client = await connect(server.ports[round % 2])
      assert.ok(await isServed(client))
      client.reset()
      await eventually(
        'it is gone',
        () => server.stats(),
        ({ open }) => open === 0
      )
    }
    assert.equal(reports, [{ kind: 'full', connections: 1 }])
  })
})

onEachEngine(
  test,
  'a stop ends idle connections at once, and needs no grace for them',
  {},
  async ({ server, connect }) => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => connect()))
    for (const client of clients) assert.ok(await isServed(client))
    await sleep(150)
    for (const client of clients) {
      client.socket.resume()
      client.socket.once('end', () => client.end())
    }
    const start = performance.now()
    assert.equal(await server.stop(5000), { open: 20, cutOff: 0, lostBytes: 0 })
    assert.ok(performance.now() - start < 2000, 'the grace is for those that need it')
    for (const client of clients) assert.is(await client.closed(), undefined)
  }
)

onEachEngine(
  test,
  'a stop gives a client that has not read yet the time to do so',
  { pipeThreshold: 256 * 1024 },
  async ({ server, connect }) => {
    const client = await connect()
    const sent = await client.writeUntilStuck(chunk)
    const stopped = server.stop(8000)
    await sleep(200)
    const all = await client.readAll()
    assert.is(all.length, sent + chunk.length)
    assert.ok(all.equals(Buffer.alloc(all.length, chunk)))
    client.end()
    assert.equal(await stopped, { open: 1, cutOff: 0, lostBytes: 0 })
  }
)

for (const engine of engines) {
  testOn(test, engine, 'a stop serves who was there before it, however new the server is', async () => {
    for (let time = 0; time < 10; time++) {
      await withServer({ ports: [0], engine }, async ({ server, connect }) => {
        const client = await connect()
        const all = client.readAll()
        await client.write(chunk)
        const stopped = server.stop(5000)
        client.end()
        assert.ok((await all).equals(chunk))
        const { cutOff, lostBytes } = await stopped
        assert.equal([cutOff, lostBytes], [0, 0])
      })
    }
  })
}

onEachEngine(test, 'a stop serves a stream to its end', {}, async ({ server, connect }) => {
  const client = await connect()
  const all = client.readAll()
  await client.write(chunk)
  const stopped = server.stop(8000)
  let sent = chunk.length
  for (const start = performance.now(); performance.now() - start < 600; sent += chunk.length) await client.write(chunk)
  client.end()
  const echoed = await all
  assert.is(echoed.length, sent)
  assert.ok(echoed.equals(Buffer.alloc(sent, chunk)))
  assert.is((await stopped).cutOff, 0)
})

onEachEngine(
  test,
  'the end of the grace cuts off who does not read, and reports the loss',
  { pipeThreshold: 256 * 1024 },
  async ({ server, connect }) => {
    const [stalled, fine] = await Promise.all([connect(), connect()])
    await stalled.writeUntilStuck(chunk)
    fine.drop()
    const held = (await server.stats()).heldBytes
    assert.ok(held > 0)
    const report = await server.stop(300)
    assert.equal(report, { open: 2, cutOff: 1, lostBytes: held })
    assert.is(await fine.closed(), undefined)
    stalled.socket.resume()
    assert.is(await stalled.closed(), 'ECONNRESET', 'a cut stream must not look complete')
  }
)

onEachEngine(test, 'a stop refuses new connections while others drain', {}, async ({ server, connect }) => {
  const draining = await connect()
  await draining.writeUntilStuck(chunk)
  const stopped = server.stop(10_000)
  await eventually(
    'connecting is refused',
    () =>
      connect().then(
        () => 'connected',
        (error: NodeJS.ErrnoException) => error.code
      ),
    answer => answer === 'ECONNREFUSED'
  )
  // Those that were taken before are idle, and end; the draining one stays.
  await eventually(
    'only one is left',
    () => server.stats(),
    ({ open }) => open === 1
  )
  draining.reset()
  await stopped
})

test.run()
