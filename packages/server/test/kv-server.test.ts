import { join } from 'node:path'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Client, eventually, sleep, within } from './client.js'
import { RawClient } from './raw-client.js'
import { type ProcessScene, ServerProcess, withServerProcess } from './server-process.js'
import { inTemporaryFolder } from './temporary-folder.js'
import { engines } from './with-server.js'

const test = suite('kv, on a server', { timeLimit: 60_000 })

const mebibyte = 1024 ** 2

function kvArguments(folder: string): string[] {
  return ['--protocol', 'kv', '--store', join(folder, 'store')]
}

/** Sets numbered keys, so many at once, and returns those that were answered when the connection ends. */
async function setUntilTheEnd({ connect }: ProcessScene, name: string, atOnce = 1): Promise<string[]> {
  const client = new RawClient(await connect())
  const stored: string[] = []
  for (;;) {
    const keys = Array.from({ length: atOnce }, (_, index) => `${name}-${stored.length + index}`)
    client.send(keys.map(key => `set ${key} 0 0 ${key.length}\r\n${key}\r\n`).join(''))
    for (const key of keys) {
      const answer = await client.answer(/\r\n/).catch(() => undefined)
      if (answer === undefined) return stored
      assert.is(answer, 'STORED\r\n')
      stored.push(key)
    }
  }
}

async function getAll(client: RawClient, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    client.send(`get ${key}\r\n`)
    assert.is(await client.answer(/END\r\n/), `VALUE ${key} 0 ${key.length}\r\n${key}\r\nEND\r\n`)
  }
}

test('what was answered STORED is there after SIGKILL', async () => {
  await inTemporaryFolder(async folder => {
    let stored: string[] = []
    await withServerProcess(kvArguments(folder), async scene => {
      const setting = Array.from({ length: 20 }, (_, index) => setUntilTheEnd(scene, `c${index}`, 1 + (index % 5)))
      await sleep(500)
      scene.server.child.kill('SIGKILL')
      stored = (await Promise.all(setting)).flat()
    })
    assert.ok(stored.length > 20, `${stored.length} stored`)
    await withServerProcess(kvArguments(folder), async ({ connect }) => getAll(new RawClient(await connect()), stored))
  })
})

test('several processes share a store: each sees what the others do, and no count is lost', async () => {
  await inTemporaryFolder(async folder => {
    await withServerProcess(kvArguments(folder), async first => {
      await withServerProcess(kvArguments(folder), async second => {
        const [one, other] = [new RawClient(await first.connect()), new RawClient(await second.connect())]
        for (let round = 0; round < 100; round++) {
          assert.is(await one.ask(`set k 0 0 3\r\n${100 + round}\r\n`), 'STORED\r\n')
          other.send('get k\r\n')
          assert.is(await other.answer(/END\r\n/), `VALUE k 0 3\r\n${100 + round}\r\nEND\r\n`)
        }
        await one.ask('set n 0 0 1\r\n0\r\n')
        const count = async ({ connect }: ProcessScene) => {
          const client = new RawClient(await connect())
          for (let round = 0; round < 100; round++) await client.ask('incr n 1\r\n')
        }
        await Promise.all([first, second, first, second].map(count))
        one.send('get n\r\n')
        assert.match(await one.answer(/END\r\n/), '\r\n400\r\n')
      })
    })
  })
})

for (const engine of engines) {
  test(`clients that share turns are each answered in order [${engine}]`, async () => {
    await inTemporaryFolder(async folder => {
      await withServerProcess([...kvArguments(folder), '--engine', engine], async ({ connect }) => {
        const talk = async (_: unknown, number: number) => {
          const client = new RawClient(await connect())
          const asked = `set k${number} 0 0 1\r\n1\r\nget k${number}\r\nincr k${number} 4\r\n`
          const answer = `STORED\r\nVALUE k${number} 0 1\r\n1\r\nEND\r\n5\r\n`
          client.send(`${asked.repeat(50)}version\r\n`)
          assert.is(await client.answer(/VERSION .*\r\n/), `${answer.repeat(50)}VERSION 0.1.0\r\n`)
        }
        await Promise.all(Array.from({ length: 10 }, talk))
      })
    })
  })
}

for (const model of ['--model threaded --workers 4', '--model prefork --workers 4', '--loops 2']) {
  test(`workers of one server share a store, and no count is lost: ${model}`, async () => {
    await inTemporaryFolder(async folder => {
      await withServerProcess([...kvArguments(folder), ...model.split(' ')], async ({ connect }) => {
        const clients = await Promise.all(Array.from({ length: 4 }, async () => new RawClient(await connect())))
        const first = clients[0] as RawClient
        assert.is(await first.ask('set n 0 0 1\r\n0\r\n'), 'STORED\r\n')
        const count = async (client: RawClient) => {
          for (let round = 0; round < 200; round++) assert.match(await client.ask('incr n 1\r\n'), /^\d+\r\n$/)
        }
        await Promise.all(clients.map(count))
        for (const client of clients) {
          client.send('get n\r\n')
          assert.is(await client.answer(/END\r\n/), 'VALUE n 0 3\r\n800\r\nEND\r\n')
        }
        first.send('stats\r\n')
        assert.match(await first.answer(/END\r\n/), /STAT incr_hits 800\r\n/)
      })
    })
  })
}

test('a worker that is killed in the middle of its changes leaves the store to the others', async () => {
  await inTemporaryFolder(async folder => {
    await withServerProcess(kvArguments(folder), async survivor => {
      const client = new RawClient(await survivor.connect())
      for (let round = 0; round < 3; round++) {
        await withServerProcess(kvArguments(folder), async victim => {
          const setting = [setUntilTheEnd(victim, `v${round}`), setUntilTheEnd(victim, `w${round}`)]
          await sleep(200)
          victim.server.child.kill('SIGKILL')
          const stored = (await Promise.all(setting)).flat()
          await getAll(client, stored)
          assert.is(await client.ask('set after 0 0 1\r\nx\r\n'), 'STORED\r\n')
        })
      }
    })
  })
})

test('a store that cannot be written answers an error and loses nothing', async () => {
  await inTemporaryFolder(async folder => {
    const server = ServerProcess.start(['--ports', '0', ...kvArguments(folder)], { largestFile: 4 * mebibyte })
    try {
      const [port = 0] = await server.ports()
      const connection = await Client.connect(port)
      const client = new RawClient(connection)
      const value = 'x'.repeat(500_000)
      let stored = 0
      let answer = ''
      while (stored < 20) {
        answer = await client.ask(`set k${stored} 0 0 ${value.length}\r\n${value}\r\n`)
        if (answer !== 'STORED\r\n') break
        stored++
      }
      assert.match(answer, /^SERVER_ERROR .+\r\n$/)
      assert.ok(stored > 1, `${stored} stored`)
      for (let key = 0; key < stored; key++) {
        client.send(`get k${key}\r\n`)
        assert.is((await client.answer(/END\r\n/)).length, `VALUE k${key} 0 500000\r\n`.length + value.length + 7)
      }
      await eventually(
        'the log says so',
        () => server.stderr,
        text => /the store cannot be written: /.test(text)
      )
      connection.reset()
    } finally {
      server.child.kill('SIGKILL')
      await server.ended
    }
  })
})

test('a change that cannot be written takes no other change of its turn with it', async () => {
  await inTemporaryFolder(async folder => {
    const small = (name: string, round: number) => `set ${name} 0 0 2\r\n${10 + round}\r\n`
    const body = async ({ connect }: ProcessScene) => {
      const clients = await Promise.all(Array.from({ length: 5 }, async () => new RawClient(await connect())))
      const [greedy, ...others] = clients as [RawClient, ...RawClient[]]
      await greedy.ask('set n 0 0 1\r\n0\r\n')
      const large = 'x'.repeat(300_000)
      let lost = 0
      for (let round = 0; round < 40; round++) {
        // The end of the large value and what follows it come in one turn, with luck those of the others as well.
        greedy.send(`set large${round} 0 0 ${large.length}\r\n${large}\r\n${small('own', round)}incr n 1\r\n`)
        for (const [index, other] of others.entries()) other.send(small(`other${index}`, round))
        const answer = await greedy.answer(/\r\n/)
        assert.match(answer, /^(STORED|SERVER_ERROR .+)\r\n$/)
        if (answer !== 'STORED\r\n') lost++
        assert.is(await greedy.answer(/\r\n/), 'STORED\r\n')
        assert.is(await greedy.answer(/\r\n/), `${round + 1}\r\n`, 'nothing is carried out twice')
        for (const other of others) assert.is(await other.answer(/\r\n/), 'STORED\r\n')
        greedy.send(`get own large${round} other0 other1 other2 other3\r\n`)
        const found = (await greedy.answer(/END\r\n/)).match(/^VALUE \w+/gm) ?? []
        const expected = ['own', ...(answer === 'STORED\r\n' ? [`large${round}`] : [])]
        assert.equal(
          found,
          [...expected, 'other0', 'other1', 'other2', 'other3'].map(name => `VALUE ${name}`)
        )
      }
      assert.ok(lost > 10, `${lost} lost`)
    }
    await withServerProcess(kvArguments(folder), body, { largestFile: 4 * mebibyte })
  })
})

test('what has been answered to anybody is counted', async () => {
  await inTemporaryFolder(async folder => {
    await withServerProcess(kvArguments(folder), async ({ connect }) => {
      const [one, other] = [new RawClient(await connect()), new RawClient(await connect())]
      const set = 'set k 0 0 1\r\nx\r\n'
      assert.is(await one.ask(set), 'STORED\r\n')
      other.send('stats\r\n')
      const stats = await other.answer(/END\r\n/)
      assert.match(stats, `STAT bytes_written ${'STORED\r\n'.length}\r\n`)
      assert.match(stats, `STAT bytes_read ${set.length + 'stats\r\n'.length}\r\n`)
    })
  })
})

test('a store that cannot be opened is one line, and code 1', async () => {
  const server = ServerProcess.start(['--ports', '0', '--protocol', 'kv', '--store', '/dev/null/store'])
  const { code, stderr } = await within('ending', server.ended)
  assert.is(code, 1)
  assert.match(stderr, /^server: store '\/dev\/null\/store' cannot be opened: .*; name another with --store\n$/)
})

test('a client that sends a hundred thousand changes at once does not keep another waiting for their end', async () => {
  await inTemporaryFolder(async folder => {
    await withServerProcess(kvArguments(folder), async ({ connect }) => {
      const [greedy, quick] = [await connect(), new RawClient(await connect())]
      await quick.ask('set n 0 0 1\r\n0\r\n')
      void greedy.write(Buffer.from('incr n 1 noreply\r\n'.repeat(100_000))).catch(() => {})
      const count = async () => {
        quick.send('get n\r\n')
        return Number(/\r\n(\d+)\r\n/.exec(await quick.answer(/END\r\n/))?.[1])
      }
      await eventually('it has begun', count, found => found > 0)
      for (let round = 0; round < 10; round++) await quick.ask('set k 0 0 1\r\nx\r\n')
      const found = await count()
      assert.ok(found < 100_000, 'answered before all that the other wanted was done')
      greedy.reset()
    })
  })
})

test('clients with large values, and one that reads nothing, hold nobody up', async () => {
  await inTemporaryFolder(async folder => {
    const args = [...kvArguments(folder), '--max-value', '16m']
    await withServerProcess(args, async ({ connect }) => {
      const large = new RawClient(await connect())
      const size = 16 * mebibyte
      large.send(`set large 0 0 ${size}\r\n${'y'.repeat(size)}\r\n`)
      assert.is(await large.answer(/\r\n/), 'STORED\r\n')
      const greedy = await connect()
      await greedy.write(Buffer.from('get large large large\r\n'.repeat(50)))
      const quick = new RawClient(await connect())
      for (let round = 0; round < 20; round++) {
        assert.is(await quick.ask(`set k 0 0 2\r\n${round + 10}\r\n`), 'STORED\r\n')
        quick.send('get k\r\n')
        assert.is(await quick.answer(/END\r\n/), `VALUE k 0 2\r\n${round + 10}\r\nEND\r\n`)
      }
      greedy.reset()
    })
  })
})

test.run()
