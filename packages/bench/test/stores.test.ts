import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Failure } from 'command-line'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import which from 'which'
import type { BenchReport } from '../src/report.js'
import { StoreClient } from '../src/store-client.js'
import { withCompiler } from './compiler.js'

const test = suite('stores')
const timeLimit = 60_000

const program = fileURLToPath(new URL('../src/cli.js', import.meta.url))

withCompiler(
  test,
  'our store is measured, with every value verified, and memcached where there is one',
  async () => {
    const args = [program, '--quick', '--rounds', '1', '--only', 'kv-9to1', '--json']
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 2 ** 24 })
    const report = JSON.parse(stdout) as BenchReport
    const [reported] = report.cases
    assert.equal([report.cases.length, reported?.role, reported?.reference], [1, 'store', 'memcached'])
    const hasMemcached = (await which('memcached', { nothrow: true })) !== null
    assert.equal(
      reported?.contenders.map(({ name }) => name),
      [...(hasMemcached ? ['memcached'] : []), 'sluice-kv']
    )
    assert.is(report.skipped.length, hasMemcached ? 0 : 1)
    for (const { rounds, failures } of reported?.contenders ?? []) {
      assert.equal(failures, [])
      const [round] = rounds
      assert.ok(round && round.messages > 0 && round.own.cpuSeconds > 0 && round.other.cpuSeconds > 0)
      assert.ok((round.values.p99 as number) >= (round.values.p50 as number) && (round.values.p50 as number) > 0)
      assert.is(round.values.requests, round.messages / round.seconds)
    }
  },
  { timeLimit }
)

test(
  'a store that does not do what it has to is a failure, in the words of loadgen',
  async () => {
    const server = createServer(socket => {
      socket.on('error', () => {}).on('data', () => socket.write('SERVER_ERROR no room\r\n'))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = new StoreClient((server.address() as AddressInfo).port, ['--connections', '1', '--requests', '1'])
    try {
      await client.finish(() => {})
      assert.unreachable()
    } catch (error) {
      assert.instance(error, Failure)
      assert.match((error as Failure).message, /rejected by the server: SERVER_ERROR no room/)
    } finally {
      await client.stop()
      server.close()
    }
  },
  { timeLimit }
)

test.run()
