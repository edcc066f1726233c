import { randomBytes, randomInt } from 'node:crypto'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { RingSettings } from '../../src/models/model.js'
import { type Client, eventually, sleep } from '../client.js'
import { withServerProcess } from '../server-process.js'
import { type Scene, withServer } from '../with-server.js'
import { cpuTimeOf } from './processes.js'

const test = suite('the ring', { timeLimit: 60_000 })

const threshold = 64 * 1024
const reverse = { name: 'reverse', unit: 'line', allowExit: false } as const

/** Writes random bytes in random pieces, reads them back in its own time, and compares. */
async function exchange(client: Client, length: number, slow: boolean): Promise<void> {
  const bytes = randomBytes(length)
  const write = async () => {
    for (let at = 0; at < length; ) {
      const end = Math.min(length, at + randomInt(1, 9000))
      await client.write(bytes.subarray(at, end))
      at = end
    }
    client.end()
  }
  const written = write()
  if (slow) await sleep(300)
  const got: Buffer[] = []
  for (let at = 0; at < length; ) {
    const part = Math.min(length - at, randomInt(1, 20_000))
    got.push(await client.read(part))
    if (slow && randomInt(4) === 0) await sleep(randomInt(20))
    at += part
  }
  await written
  assert.ok(Buffer.concat(got).equals(bytes))
}

for (const [slots, slotSize, length] of [
  [1, 1, 3000],
  [1, 4096, 300_000],
  [2, 7, 20_000],
  [3, 1000, 300_000],
  [64, 65_536, 3_000_000],
] as const) {
  const model: RingSettings = { name: 'ring', slots, slotSize }
  test(`${slots} slots of ${slotSize} bytes: what comes in any pieces goes back in order, to slow clients too`, () =>
    withServer({ ports: [0, 0], model, pipeThreshold: threshold }, async ({ server, connect }: Scene) => {
      const clients = await Promise.all(Array.from({ length: 10 }, (_, number) => connect(server.ports[number % 2])))
      await Promise.all(clients.map((client, number) => exchange(client, length, number % 2 === 0)))
      const stats = await eventually(
        'all are gone',
        () => server.stats(),
        ({ open }) => open === 0
      )
      assert.is(stats.bytesIn, 10 * length)
      assert.is(stats.bytesOut, 10 * length)
      assert.is(stats.leasedBytes, 0)
      assert.is(stats.lostBytes + stats.reset, 0)
    }))
}

test('slow clients do not exhaust the slots: each costs its threshold, and the others are served', () =>
  withServer(
    { ports: [0], model: { name: 'ring', slots: 8, slotSize: 16_384 }, pipeThreshold: threshold },
    async ({ server, connect }) => {
      const chunk = randomBytes(threshold)
      const slow = await Promise.all(Array.from({ length: 20 }, () => connect()))
      await Promise.all(slow.map(client => client.writeUntilStuck(chunk)))
      const { heldBytes, leasedBytes } = await eventually(
        'each has its threshold',
        () => server.stats(),
        stats => stats.heldBytes >= slow.length * (threshold - 16_384)
      )
      // One slot more than the threshold, since the reader may have filled it already; and blocks are whole.
      assert.ok(heldBytes <= slow.length * (threshold + 16_384), `${heldBytes} held`)
      assert.ok(leasedBytes <= slow.length * 3 * 65_536, `${leasedBytes} leased`)
      await exchange(await connect(), 1_000_000, false)
      for (const client of slow) client.reset()
      await eventually(
        'everything is given back',
        () => server.stats(),
        stats => stats.open === 0 && stats.leasedBytes === 0
      )
      await exchange(await connect(), 1_000_000, false)
    }
  ))

test('a client that is not read because it does not read is missed when it resets', () =>
  withServer(
    { ports: [0], model: { name: 'ring', slots: 8, slotSize: 16_384 }, pipeThreshold: threshold },
    async ({ server, connect }) => {
      const client = await connect()
      await client.writeUntilStuck(randomBytes(threshold))
      client.reset()
      const { reset, lostBytes } = await eventually(
        'it is gone',
        () => server.stats(),
        ({ open }) => open === 0
      )
      assert.is(reset, 1)
      assert.ok(lostBytes > 0)
    }
  ))

test('control words are found however the reads cut them', () =>
  withServer(
    {
      ports: [0],
      model: { name: 'ring', slots: 2, slotSize: 1 },
      protocol: { name: 'reverse', unit: 'chunk', allowExit: true },
    },
    async ({ server, connect }) => {
      const client = await connect()
      const rest = client.readAll()
      await client.write(Buffer.from('hello\nexit\n'))
      await server.stopAsked
      // What came before it was known to be one has gone back already.
      assert.match((await rest).toString(), /^hello\n(exi?)?/)
      client.end()
    }
  ))

test('numbers of connections are used again, and no more are open than may be', () =>
  withServer(
    { ports: [0], model: { name: 'ring', slots: 4, slotSize: 4096 }, maxConnections: 3 },
    async ({ server, connect }) => {
      for (let round = 0; round < 5; round++) {
        const clients = await Promise.all(Array.from({ length: 9 }, () => connect()))
        const talks = clients.map(async client => {
          const bytes = randomBytes(10_000)
          void client.write(bytes)
          assert.ok((await client.read(bytes.length)).equals(bytes))
          assert.ok((await server.stats()).open <= 3)
          if (round % 2 === 0) client.reset()
          else {
            client.drop()
            client.end()
          }
        })
        await Promise.all(talks)
      }
      assert.is((await server.stats()).accepted, 45)
    }
  ))

test('while the thread that answers is at work the reader fills the ring, and then waits without cost', () =>
  withServerProcess(
    ['--model', 'ring', '--slots', '4', '--slot-size', '1k', '--protocol', 'reverse', '--delay', '1m'],
    async ({ server, connect }) => {
      for (let number = 0; number < 6; number++) {
        const client = await connect()
        void client.write(Buffer.alloc(200_000, 'line\n')).catch(() => {})
      }
      await sleep(500)
      const before = await cpuTimeOf(server.pid)
      await sleep(1000)
      const used = (await cpuTimeOf(server.pid)) - before
      assert.ok(used <= 50, `${used} ms of CPU time in a second`)
    }
  ))

test('work blocks all clients, since one thread does it', () =>
  withServer(
    { ports: [0], model: { name: 'ring', slots: 8, slotSize: 4096 }, protocol: reverse, delay: 150 },
    async ({ connect }) => {
      const clients = await Promise.all(Array.from({ length: 4 }, () => connect()))
      const start = performance.now()
      const talks = clients.map(async client => {
        void client.write(Buffer.from('a\n'))
        await client.read(2)
      })
      await Promise.all(talks)
      assert.ok(performance.now() - start >= 590)
    }
  ))

/** What the collections in a trace of V8's (`--trace-gc`) have freed, in bytes. */
function freedIn(trace: string): number {
  let mebibytes = 0
  for (const [, before, after] of trace.matchAll(/: \S[^\d]* ([\d.]+) \([\d.]+\) -> ([\d.]+) \(/g)) {
    mebibytes += Number(before) - Number(after)
  }
  return mebibytes * 1024 ** 2
}

test('in steady state nothing is allocated: no block, no view, no object for a slot', () => {
  const slotSize = 64
  return withServerProcess(
    ['--model', 'ring', '--slots', '256', '--slot-size', `${slotSize}`],
    async ({ server, connect }) => {
      const client = await connect()
      const chunk = randomBytes(64 * 1024)
      const pump = async (times: number) => {
        for (let time = 0; time < times; time++) {
          void client.write(chunk)
          assert.ok((await client.read(chunk.length)).equals(chunk))
        }
      }
      await pump(64)
      const before = server.stdout.length
      const times = 256
      await pump(times)
      const perSlot = freedIn(server.stdout.slice(before)) / ((times * chunk.length) / slotSize)
      // V8 boxes each number above 2^31, such as an address, that goes to a system call: a few of 16 bytes.
      assert.ok(perSlot < 150, `${perSlot} bytes of garbage for each slot`)
    },
    { nodeOptions: ['--trace-gc'] }
  )
})

test.run()
