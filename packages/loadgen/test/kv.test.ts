import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineName } from 'reactor'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { mergeReports } from '../src/merge/merge-reports.js'
import { readReport } from '../src/output/report-document.js'
import { reportText } from '../src/output/report-text.js'
import { checkRight, type KvOptions, runKv } from './run-kv.js'
import { loadgen } from './run-loadgen.js'
import { memcached, type StoredItem, withKvStore, withMemcached } from './with-kv-store.js'
import { withProtocolServer } from './with-protocol-server.js'
import { allEngines, local } from './with-server.js'

const variants: Readonly<Record<string, KvOptions>> = {
  'one at a time': {},
  'values of all lengths, pipelined': { valueSize: { minimum: 1, maximum: 4096 }, pipeline: 8 },
  'long values': { valueSize: { minimum: 1, maximum: 700_000 }, keys: 20, requests: 200, connections: 4, pipeline: 2 },
  'hot keys, half of it sets, deep': {
    ...{ ratio: { gets: 1, sets: 1 }, distribution: { shape: 'zipf', exponent: 1.2 } },
    ...{ pipeline: 64, requests: 8_000, keys: 20 },
  },
  'three threads': { threads: 3, ratio: { gets: 1, sets: 1 }, keys: 20, pipeline: 4, requests: 3_000 },
}

type Use = (use: (port: number) => Promise<void>) => Promise<void>

const ourServer: Use = use => withProtocolServer(['--protocol', 'kv'], use)
const prefork: Use = use => withProtocolServer(['--protocol', 'kv', '--model', 'prefork', '--workers', '8'], use)

async function checkVariants(withServer: Use, engine: EngineName, names = Object.keys(variants)): Promise<void> {
  await withServer(async port => {
    for (const variant of names) {
      const options = variants[variant] as KvOptions
      const report = await runKv(port, { engine, expectHits: true, ...options })
      checkRight(report, options.requests ?? 2_000, options.keys ?? 200)
      assert.is(report.kv?.misses, 0, variant)
      const { get, set, fromSend, fromDue } = report.latency
      assert.ok(get !== undefined && set !== undefined && fromSend !== undefined && fromDue === undefined)
    }
  })
}

const test = suite('kv', { timeLimit: 60_000 })

for (const engine of allEngines) {
  test(`our server, engine ${engine}: every reply is verified, and every key is there`, () =>
    checkVariants(
      ourServer,
      engine,
      engine === 'epoll' ? undefined : ['values of all lengths, pipelined', 'long values']
    ))
}

for (const engine of allEngines) {
  test(`a store that reads late, engine ${engine}: what the kernel refused follows in order`, () =>
    withKvStore({ hesitation: 300 }, async port => {
      const valueSize = { minimum: 400_000, maximum: 500_000 }
      const options = { engine, valueSize, connections: 2, pipeline: 40, keys: 4, requests: 120, noPreload: true }
      checkRight(await runKv(port, { ...options, ratio: { gets: 1, sets: 9 } }), 120, 0)
    }))
}

test('Ctrl-C, while the keys are set and afterwards: the report says how far it came', () =>
  withKvStore({}, async port => {
    for (const keys of ['1000000', '10']) {
      const words = ['kv', `${port}`, '--keys', keys, '--duration', '60s']
      const { code, stdout, stderr } = await loadgen(words, child => child.kill('SIGINT'))
      assert.is(code, 130, stderr)
      assert.match(stdout, /^verdict +stopped before its end; nothing was wrong so far$/m)
      assert.match(stdout, keys === '10' ? /^gets +[\d,]+: /m : /^sets +0, and [\d,]+ before the traffic/m)
    }
  }))

test('our server, model prefork: processes that share a store', () => checkVariants(prefork, 'epoll'))

if (memcached === undefined) test.skip('beside memcached', 'this machine has no memcached')
else {
  test('memcached: every reply is verified, and every key is there', () =>
    checkVariants(use => withMemcached([], use), 'epoll'))

  test('memcached that evicts: misses are counted, and are no failure unless asked for', () =>
    withMemcached(['-m', '2'], async port => {
      const large = { keys: 4_000, valueSize: { minimum: 4_000, maximum: 4_000 }, requests: 8_000 }
      const report = await runKv(port, large)
      checkRight(report, 8_000, 4_000)
      assert.ok((report.kv?.misses as number) > 100, `${report.kv?.misses}`)
      const strict = await runKv(port, { ...large, expectHits: true })
      assert.is(strict.verdict, 'wrong bytes')
      assert.match(strict.failures[0]?.message as string, /a get of key kv:5:\d+: it is not there, .*--expect-hits/)
    }))

  test("memcached refuses a value: rejected, in the server's words", () =>
    withMemcached(['-I', '512k'], async port => {
      const report = await runKv(port, { valueSize: { minimum: 600_000, maximum: 600_000 }, keys: 8 })
      assert.is(report.verdict, 'connection failed')
      assert.match(report.failures[0]?.message as string, /rejected by the server: SERVER_ERROR object too large/)
    }))
}

test('our server refuses a value: rejected, in its words', () =>
  withProtocolServer(['--protocol', 'kv', '--max-value', '8k'], async port => {
    const report = await runKv(port, { valueSize: { minimum: 20_000, maximum: 20_000 } })
    assert.ok((report.failureCounts.rejected as number) >= 1, JSON.stringify(report.failureCounts))
    assert.match(report.failures[0]?.message as string, /rejected by the server: SERVER_ERROR/)
  }))

test('a run finds what an earlier one with the same seed has left, and another seed does not meet it', () =>
  withKvStore({}, async port => {
    const valueSize = { minimum: 1, maximum: 100 }
    checkRight(await runKv(port, { valueSize, ratio: { gets: 1, sets: 3 } }), 2_000, 200)
    const again = await runKv(port, { valueSize, noPreload: true, expectHits: true, threads: 2 })
    checkRight(again, 2_000, 0)
    const other = await runKv(port, { seed: 6, ratio: { gets: 1, sets: 0 }, noPreload: true })
    checkRight(other, 2_000, 0)
    assert.equal([other.kv?.hits, other.kv?.misses, other.latency.set], [0, 2_000, undefined])
  }))

test('two targets are two stores, or two doors of one', () =>
  withKvStore({}, one =>
    withKvStore({}, async two => {
      for (const targets of [
        [local(one), local(two)],
        [local(one), local(one)],
      ]) {
        const report = await runKv(one, { targets, threads: 2, connections: 5, expectHits: true, pipeline: 3 })
        checkRight(report, 2_000, 400)
      }
    })
  ))

test('open loop: latencies from when requests were due, of gets and of sets apart', () =>
  withKvStore({}, async port => {
    const rate = { from: 4_000, to: 4_000 }
    const report = await runKv(port, { rate, duration: 500, requests: 0, warmup: 100, arrivals: 'poisson', threads: 2 })
    assert.is(report.verdict, 'ok', report.failures[0]?.message)
    assert.ok(report.lag !== undefined && report.latency.fromDue !== undefined && report.latency.get !== undefined)
    assert.ok((report.messages?.echoed as number) > 0)
    assert.match(reportText({ report, thresholds: [] }), /^get .*\nset /m)
  }))

test('segments add up to the whole', () =>
  withKvStore({}, async port => {
    const segments = [1, 2, 3].map(index => ({ index, count: 3 }))
    const reports = await Promise.all(
      segments.map(segment => runKv(port, { segment, threads: 2, seed: 9, requests: 0, duration: 1_500 }))
    )
    for (const { verdict, failures } of reports) assert.is(verdict, 'ok', failures[0]?.message)
    const whole = mergeReports(reports.map((report, at) => ({ name: `${at}`, report })))
    assert.is(whole.kv?.preloaded, 200)
    assert.is((whole.kv?.sets ?? 0) + (whole.kv?.hits ?? 0) + (whole.kv?.misses ?? 0), whole.messages?.echoed)
  }))

test('expiry is sent with every set, in seconds', async () => {
  const sets: StoredItem[] = []
  const setReply = (_set: number, item: StoredItem) => {
    sets.push(item)
    return 'STORED\r\n'
  }
  await withKvStore({ setReply }, async port => {
    checkRight(await runKv(port, { expiry: 7_000, ratio: { gets: 0, sets: 1 } }), 2_000, 200)
  })
  assert.is(sets.length, 2_200)
  assert.ok(sets.every(({ expiry }) => expiry === '7'))
  if (memcached === undefined) return
  await withMemcached([], async port => {
    const report = await runKv(port, { expiry: 1_000, duration: 3_500, requests: 0, ratio: { gets: 1, sets: 0 } })
    assert.is(report.verdict, 'ok', report.failures[0]?.message)
    assert.ok((report.kv?.misses as number) > 0)
  })
})

test('a report of --json fits its schema, and can be compared', () =>
  withKvStore({}, async port => {
    const folder = mkdtempSync(join(tmpdir(), 'loadgen-'))
    try {
      const file = join(folder, 'report.json')
      const words = ['kv', `${port}`, '--requests', '2000', '--interval', '20ms', '--rate', '20k', '--quiet']
      const { code, stderr } = await loadgen([...words, '--json', file, '--csv', join(folder, 'intervals.csv')])
      assert.is(code, 0, stderr)
      const report = readReport(file)
      assert.is((report.kv?.hits ?? 0) + (report.kv?.sets ?? 0), 2_000)
      assert.match(readFileSync(join(folder, 'intervals.csv'), 'utf8'), /getP99Milliseconds,/)
      const compared = await loadgen(['compare', file, file, '--threshold', 'set.p50<10s'])
      assert.match(compared.stdout, /^hit-ratio +100 % +100 % /m)
      assert.match(compared.stdout, /^set\.p99 +[\d.]+ /m)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }))

test('the command line: the report, thresholds, and everything that is wrong at once', () =>
  withKvStore({}, async port => {
    const words = ['kv', `${port}`, '--requests', '1000', '--keys', '50', '--value-size', '1..64']
    const judged = ['--threshold', 'hit-ratio>=100', '--threshold', 'get.p50<10s', '--distribution', 'zipf:0.99']
    const right = await loadgen([...words, ...judged, '--expect-hits', '--ratio', '3:1', '--seed', '4'])
    assert.is(right.code, 0, right.stderr)
    assert.match(
      right.stderr,
      /75 % gets and 25 % sets of 50 keys chosen by Zipf's law with exponent 0.99, values of 1 to/
    )
    assert.match(right.stdout, /^requests +1,000 of 1,000 answered/m)
    assert.match(right.stdout, /^gets +7\d\d: 7\d\d hits, 0 misses$/m)
    assert.match(right.stdout, /^sets +2\d\d, and 50 before the traffic/m)
    assert.match(right.stdout, /threshold +hit-ratio>=100 +met +100 %/)
    const empty = await loadgen([
      ...words,
      '--no-preload',
      '--ratio',
      '1:0',
      '--seed',
      '3',
      '--threshold',
      'hit-ratio>1',
    ])
    assert.is(empty.code, 99)
    const wrong = await loadgen(['kv', `${port}`, '--ratio', '0:0', '--distribution', 'gauss', '--expiry', 'x'])
    assert.is(wrong.code, 2)
    for (const part of ["'0:0' is not a ratio", "'gauss' is not a distribution", '--expiry: ']) {
      assert.match(wrong.stderr, part)
    }
    const values = ['--keys', '0', '--value-size', '0', '--pipeline', '0', '--expiry', '1500ms', '--expect-hits']
    const unusable = await loadgen(['kv', `${port}`, ...values])
    assert.is(unusable.code, 2)
    for (const option of ['keys 0', 'value-size 0', 'pipeline 0', 'expiry 1500'])
      assert.match(unusable.stderr, `--${option}`)
    assert.match(unusable.stderr, '--expiry and --expect-hits exclude each other')
  }))

test.run()
