import { randomBytes } from 'node:crypto'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { eventually, sleep, within } from './client.js'
import { withServerProcess } from './server-process.js'
import { onEachEngine } from './with-server.js'

const test = suite('reverse, on a server', { timeLimit: 60_000 })

const protocol = { name: 'reverse', unit: 'line', allowExit: false } as const

/** A line of random bytes without newlines, and what has to come back for it. */
function randomLine(length: number): { line: Buffer; answer: Buffer } {
  const bytes = randomBytes(length).map(byte => (byte === 10 ? 11 : byte))
  const newline = Buffer.from('\n')
  const line = Buffer.concat([bytes, newline])
  return { line, answer: Buffer.concat([Buffer.from(bytes).reverse(), newline]) }
}

onEachEngine(
  test,
  'lines longer than the threshold come back whole',
  { protocol, pipeThreshold: 4096 },
  async scene => {
    const client = await scene.connect()
    for (const length of [0, 1, 4095, 4096, 100_000, 1_000_000]) {
      const { line, answer } = randomLine(length)
      const written = client.write(line)
      assert.ok((await client.read(answer.length)).equals(answer), `${length} bytes`)
      await written
    }
    const stats = await scene.server.stats()
    assert.is(stats.requests, 6)
    assert.is(stats.heldBytes, 0)
    assert.is(stats.leasedBytes, 0)
  }
)

onEachEngine(test, 'many clients at once, some of which vanish', { protocol }, async ({ server, connect }) => {
  const talk = async (_: unknown, index: number) => {
    const client = await connect()
    for (let message = 0; message < 20; message++) {
      const { line, answer } = randomLine(1 + Math.floor(Math.random() * 20_000))
      if (index % 5 === 0 && message === 10) {
        void client.write(line.subarray(0, line.length / 2)).catch(() => {})
        client.reset()
        return
      }
      void client.write(line)
      assert.ok((await client.read(answer.length)).equals(answer))
    }
  }
  await Promise.all(Array.from({ length: 50 }, talk))
  await eventually(
    'those are gone',
    () => server.stats(),
    ({ open, leasedBytes }) => open === 40 && leasedBytes === 0
  )
})

onEachEngine(
  test,
  'a client that does not read is read no further than the threshold allows, and loses nothing',
  { protocol, pipeThreshold: 64 * 1024 },
  async ({ server, connect }) => {
    const client = await connect()
    const { line, answer } = randomLine(999)
    const lines = Buffer.concat(Array.from({ length: 64 }, () => line))
    const sent = await client.writeUntilStuck(lines)
    const { heldBytes } = await server.stats()
    assert.ok(heldBytes > 0 && heldBytes < 2 * 1024 * 1024, `${heldBytes} held`)
    await eventually(
      'it rests',
      async () => {
        const { turns } = await server.stats()
        await sleep(300)
        return (await server.stats()).turns - turns
      },
      turns => turns < 5
    )
    client.end()
    const all = await client.readAll()
    assert.is(all.length, sent + lines.length)
    assert.ok(all.equals(Buffer.alloc(all.length, answer)))
    await eventually(
      'all is given back',
      () => server.stats(),
      ({ open, leasedBytes }) => open === 0 && leasedBytes === 0
    )
  }
)

onEachEngine(test, 'the last line without newline is answered, then FIN', { protocol }, async ({ connect }) => {
  const client = await connect()
  const all = client.readAll()
  void client.write(Buffer.from('first\nlast'))
  client.end()
  assert.is((await all).toString(), 'tsrif\ntsal')
  assert.is(await client.closed(), undefined)
})

onEachEngine(
  test,
  'too long a line is answered even while the client goes on sending, and counted',
  { protocol, maxMessage: 1000 },
  async ({ server, connect }) => {
    const client = await connect()
    const all = client.readAll()
    for (let part = 0; part < 20; part++) {
      await client.write(Buffer.alloc(10_000, 'x'))
      await sleep(10)
    }
    assert.is((await all).toString(), 'ERROR line longer than 1,000 bytes\n')
    client.end()
    assert.is(await client.closed(), undefined)
    assert.is((await server.stats()).tooLong, 1)
  }
)

onEachEngine(
  test,
  'a line that trickles too long is ended, though something comes all the time; another client is not',
  { protocol, messageTimeout: 400 },
  async ({ server, connect }) => {
    const [slow, patient] = [await connect(), await connect()]
    let answer = ''
    slow.socket.on('data', data => {
      answer += data
    })
    slow.socket.once('end', () => slow.end())
    const start = performance.now()
    while (!slow.socket.readableEnded) {
      assert.ok(performance.now() - start < 8000, 'it is ended')
      void slow.write(Buffer.from('x')).catch(() => {})
      await sleep(30)
    }
    assert.ok(performance.now() - start >= 395)
    assert.is(answer, 'ERROR line not complete after 400ms\n')
    void patient.write(Buffer.from('ab\n'))
    assert.is((await patient.read(3)).toString(), 'ba\n')
    assert.is((await server.stats()).slowMessages, 1)
    assert.is((await server.stats()).timedOut, 0)
  }
)

onEachEngine(
  test,
  'an idle client is told why it is ended',
  { protocol, idleTimeout: 300 },
  async ({ server, connect }) => {
    const client = await connect()
    assert.is((await client.readAll()).toString(), 'ERROR nothing came for 300ms\n')
    client.end()
    assert.is(
      (
        await eventually(
          'it is closed',
          () => server.stats(),
          ({ open }) => open === 0
        )
      ).timedOut,
      1
    )
  }
)

onEachEngine(
  test,
  'a delay holds up one client and not the other, and the answers stay in order',
  { protocol, delay: 200 },
  async ({ connect }) => {
    const start = performance.now()
    const clients = await Promise.all(Array.from({ length: 10 }, () => connect()))
    await Promise.all(
      clients.map(async client => {
        void client.write(Buffer.from('one\ntwo\nthree\n'))
        assert.is((await client.read(14)).toString(), 'eno\nowt\neerht\n')
      })
    )
    const took = performance.now() - start
    assert.ok(took >= 595, `three times 200 ms took ${took} ms`)
    assert.ok(took < 4000, `ten clients took ${took} ms, as if one after the other`)
  }
)

onEachEngine(
  test,
  'a client that waits for its answer is not idle',
  { protocol, delay: 1500, idleTimeout: 1000 },
  async ({ server, connect }) => {
    const client = await connect()
    void client.write(Buffer.from('ab\ncd\n'))
    assert.is((await client.read(6)).toString(), 'ba\ndc\n')
    assert.is((await server.stats()).timedOut, 0)
  }
)

test('a last line that is worked on for a while is answered after FIN', async () => {
  await withServerProcess(['--protocol', 'reverse', '--delay', '200ms'], async ({ connect }) => {
    const client = await connect()
    const all = client.readAll()
    void client.write(Buffer.from('first\nlast'))
    client.end()
    assert.is((await all).toString(), 'tsrif\ntsal')
  })
})

test('exit stops the whole program, gracefully, with code 0; only with --allow-exit', async () => {
  await withServerProcess(['--protocol', 'reverse', '--allow-exit'], async ({ server, connect }) => {
    const [bystander, client] = [await connect(), await connect()]
    bystander.drop()
    void bystander.write(Buffer.from('ab\n'))
    await client.write(Buffer.from('ex'))
    await sleep(50)
    await client.write(Buffer.from('it\n'))
    const { code, stderr } = await within('ending', server.ended)
    assert.is(code, 0)
    assert.match(stderr, /127\.0\.0\.1:\d+ asked for the end: no longer accepting/)
    assert.match(stderr, /2 connections drained/)
  })
  await withServerProcess(['--protocol', 'reverse'], async ({ connect }) => {
    const client = await connect()
    void client.write(Buffer.from('exit\n'))
    assert.is((await client.read(5)).toString(), 'tixe\n')
  })
})

test.run()
