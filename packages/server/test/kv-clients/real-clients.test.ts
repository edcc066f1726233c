import { execFile } from 'node:child_process'
import { MemcacheClient } from 'memcache-client'
import Memcached from 'memcached'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { findTool } from './find-tool.js'
import { ourTargets } from './kv-targets.js'

const test = suite('kv and clients that others wrote', { timeLimit: 60_000 })

const memccapable = findTool('memccapable')

interface Ending {
  readonly code: number | string
  readonly output: string
}

function run(command: string, args: readonly string[]): Promise<Ending> {
  return new Promise(resolve => {
    execFile(command, args, { timeout: 50_000 }, (error, stdout, stderr) => {
      resolve({ code: error?.code ?? 0, output: stdout + stderr })
    })
  })
}

for (const target of ourTargets) {
  const name = `memccapable, all of its ASCII tests, ${target.name}`
  if (memccapable === undefined) test.skip(name, 'this machine has no memccapable (Debian: libmemcached-tools)')
  else {
    test(name, () =>
      target.run(async port => {
        const { code, output } = await run(memccapable, ['-a', '-h', '127.0.0.1', '-p', `${port}`])
        assert.is(code, 0, output)
        assert.match(output, 'All tests passed')
        assert.is(output.match(/\[pass\]/g)?.length, 27, output)
      })
    )
  }

  test(`the npm client memcached, ${target.name}`, () =>
    target.run(async port => {
      const client = new Memcached(`127.0.0.1:${port}`, { retries: 0 })
      try {
        await storeWithMemcached(client)
      } finally {
        client.end()
      }
    }))

  test(`the npm client memcache-client, ${target.name}`, () =>
    target.run(async port => {
      const client = new MemcacheClient({ server: `127.0.0.1:${port}` })
      try {
        await storeWithMemcacheClient(client)
      } finally {
        client.shutdown()
      }
    }))
}

/** Turns a method that calls back into one that resolves. */
function ask<T>(method: (done: (error: unknown, answer: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => method((error, answer) => (error ? reject(error) : resolve(answer))))
}

async function storeWithMemcached(client: Memcached): Promise<void> {
  const value = { text: 'é'.repeat(1000), list: [1, 2, 3] }
  assert.is(await ask(done => client.set('object', value, 60, done)), true)
  assert.equal(await ask(done => client.get('object', done)), value)
  const large = 'x'.repeat(900_000)
  assert.is(await ask(done => client.set('large', large, 0, done)), true)
  assert.is(await ask(done => client.get('large', done)), large)
  assert.is(await ask(done => client.set('number', '41', 0, done)), true)
  assert.is(await ask(done => client.incr('number', 1, done)), 42)
  assert.is(await ask(done => client.append('number', '0', done)), true)
  const found = await ask<Record<string, unknown>>(done => client.getMulti(['number', 'object', 'none'], done))
  assert.equal(Object.keys(found).sort(), ['number', 'object'])
  const seen = await ask<{ cas: string }>(done => client.gets('number', done))
  assert.is(await ask(done => client.cas('number', '7', seen.cas, 0, done)), true)
  assert.is(await ask(done => client.cas('number', '8', seen.cas, 0, done)), false)
  await ask<undefined>(done => client.touch('number', 100, error => done(error, undefined)))
  assert.is(await ask(done => client.del('number', done)), true)
  assert.is(await ask(done => client.get('number', done)), undefined)
}

async function storeWithMemcacheClient(client: MemcacheClient): Promise<void> {
  assert.equal(await client.set('text', 'hello'), ['STORED'])
  assert.is((await client.get<string>('text'))?.value, 'hello')
  const pairs = Array.from({ length: 200 }, (_, index) => [`key-${index}`, `value ${index}`] as const)
  await Promise.all(pairs.map(([key, value]) => client.set(key, value)))
  const found = await client.get<string>(pairs.map(([key]) => key))
  for (const [key, value] of pairs) {
    assert.is((found as unknown as Record<string, { value: string }>)[key]?.value, value)
  }
  assert.equal(await client.set('number', '10'), ['STORED'])
  assert.is(`${await client.incr('number', 5)}`, '15')
  assert.is(`${await client.decr('number', 1)}`, '14')
  assert.equal(await client.delete('number'), ['DELETED'])
  assert.is(await client.get('number'), undefined)
}

test.run()
