import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type Client, eventually, sleep } from '../client.js'
import { withServerProcess } from '../server-process.js'
import { withServer } from '../with-server.js'
import { childrenOf } from './processes.js'

const test = suite('the pool of prefork', { timeLimit: 60_000 })

async function isServed(client: Client): Promise<boolean> {
  void client.write(Buffer.from('hello'))
  return (await client.read(5)).toString() === 'hello'
}

test('grows with its clients up to the most, and shrinks to the start when they have gone', () =>
  withServer(
    { ports: [0], model: { name: 'prefork', workers: 2, minSpare: 1, maxWorkers: 5, connectionsPerWorker: 1 } },
    async ({ server, connect }) => {
      const count = async () => (await server.workers()).length
      assert.is(await count(), 2)
      const clients: Client[] = []
      for (let number = 1; number <= 5; number++) {
        const client = await connect()
        assert.ok(await isServed(client), `client ${number}`)
        clients.push(client)
        await eventually('one is spare, if it may be', count, workers => workers >= Math.min(5, number + 1))
      }
      assert.is(await count(), 5)
      assert.is((await server.stats()).open, 5)
      const waiting = await connect()
      void waiting.write(Buffer.from('patience'))
      for (const client of clients) {
        client.drop()
        client.end()
      }
      assert.is((await waiting.read(8)).toString(), 'patience')
      // One each second.
      await eventually('it is as small as at the start', count, workers => workers === 2)
      assert.ok(await isServed(await connect()))
      assert.is((await server.stats()).accepted, 7, 'those who have gone are counted')
    }
  ))

test('a crowd that comes at once is served by as many as may be', () =>
  withServer(
    { ports: [0], model: { name: 'prefork', workers: 1, minSpare: 1, maxWorkers: 4, connectionsPerWorker: 1 } },
    async ({ server, connect }) => {
      const clients = await Promise.all(Array.from({ length: 4 }, () => connect()))
      const served = await Promise.all(clients.map(isServed))
      assert.equal(served, [true, true, true, true])
      assert.is((await server.workers()).length, 4)
    }
  ))

test('with several connections for each process it grows when the last one is full', () =>
  withServer(
    { ports: [0], model: { name: 'prefork', workers: 1, minSpare: 1, maxWorkers: 3, connectionsPerWorker: 4 } },
    async ({ server, connect }) => {
      const workers = async () => await server.workers()
      for (let number = 1; number <= 12; number++) {
        assert.ok(await isServed(await connect()), `client ${number}`)
        // Of those that are not full there is one more, if there may be.
        const least = Math.min(3, Math.floor(number / 4) + 1)
        await eventually('there are enough', workers, all => all.length >= least)
      }
      const shares = (await workers()).map(({ open }) => open)
      assert.equal(shares, [4, 4, 4])
      const waiting = await connect()
      void waiting.write(Buffer.from('patience'))
      await sleep(300)
      assert.is(waiting.socket.readableLength, 0)
    }
  ))

test('with several connections for each process it grows again, however soon after it has shrunk', () =>
  withServer(
    { ports: [0], model: { name: 'prefork', workers: 1, minSpare: 1, maxWorkers: 2, connectionsPerWorker: 2 } },
    async ({ server, connect }) => {
      const workers = async () => (await server.workers()).length
      for (let round = 0; round < 2; round++) {
        const clients: Client[] = []
        for (let number = 1; number <= 3; number++) {
          const client = await connect()
          assert.ok(await isServed(client), `round ${round}, client ${number}`)
          clients.push(client)
        }
        assert.is(await workers(), 2)
        for (const client of clients) {
          client.drop()
          client.end()
        }
        await eventually('it has shrunk', workers, count => count === 1)
      }
    }
  ))

test('the parent reads what each worker has counted, which has a process of its own', () =>
  withServer(
    {
      ports: [0],
      protocol: { name: 'reverse', unit: 'line', allowExit: false },
      model: { name: 'prefork', workers: 2, minSpare: 1, maxWorkers: 2, connectionsPerWorker: 1 },
    },
    async ({ server, connect }) => {
      const [first, second] = [await connect(), await connect()]
      for (const [client, messages] of [
        [first, 30],
        [second, 7],
      ] as const) {
        for (let message = 0; message < messages; message++) {
          void client.write(Buffer.from('abc\n'))
          assert.is((await client.read(4)).toString(), 'cba\n')
        }
      }
      const workers = await server.workers()
      assert.equal(workers.map(({ requests }) => requests).sort(), [30, 7])
      assert.is(new Set(workers.map(({ pid }) => pid)).size, 2)
      assert.ok(workers.every(({ pid, open }) => pid !== process.pid && open === 1))
    }
  ))

test('--stats shows how the connections are spread', () =>
  withServerProcess(['--model', 'prefork', '--workers', '2'], async ({ server, connect }) => {
    assert.is((await childrenOf(server.pid)).length, 2)
    assert.ok(await isServed(await connect()))
    server.signal('SIGUSR2')
    await eventually(
      'the line is there',
      () => server.stderr,
      text => /accepted by each of 2 workers: (1 \(1 open\), 0 \(0 open\)|0 \(0 open\), 1 \(1 open\))/.test(text)
    )
  }))

test.run()
