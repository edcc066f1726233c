import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineName } from 'reactor'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type KvPlan, type LoadReport, startLoad } from '../src/index.js'
import { mergeReports } from '../src/merge/merge-reports.js'
import { readReport } from '../src/output/report-document.js'
import { reportText } from '../src/output/report-text.js'
import { loadgen } from './run-loadgen.js'
import { memcached, type StoredItem, type StoreFaults, withKvStore, withMemcached } from './with-kv-store.js'
import { withProtocolServer } from './with-protocol-server.js'
import { allEngines, local } from './with-server.js'

type Options = Partial<Omit<KvPlan, 'workload'>>

async function run(port: number, options: Options = {}): Promise<LoadReport> {
  const plan: KvPlan = {
    ...{ workload: 'kv', targets: [local(port)], seed: 5, connections: 8, keys: 200, requests: 2_000 },
    ...options,
  }
  return (await startLoad(plan)).report
}

function checkRight(report: LoadReport, requests: number, keys: number): void {
  const { kv, messages, received, verified, verdict, failures } = report
  assert.is(verdict, 'ok', failures[0]?.message)
  assert.is(messages?.echoed, requests)
  assert.is(verified, received)
  assert.is((kv?.sets ?? 0) + (kv?.hits ?? 0) + (kv?.misses ?? 0), requests)
  assert.is(kv?.preloaded, keys)
}

const variants: Readonly<Record<string, Options>> = {
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
      const options = variants[variant] as Options
      const report = await run(port, { engine, expectHits: true, ...options })
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
      checkRight(await run(port, { ...options, ratio: { gets: 1, sets: 9 } }), 120, 0)
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
      const report = await run(port, large)
      checkRight(report, 8_000, 4_000)
      assert.ok((report.kv?.misses as number) > 100, `${report.kv?.misses}`)
      const strict = await run(port, { ...large, expectHits: true })
      assert.is(strict.verdict, 'wrong bytes')
      assert.match(strict.failures[0]?.message as string, /a get of key kv:5:\d+: it is not there, .*--expect-hits/)
    }))

  test("memcached refuses a value: rejected, in the server's words", () =>
    withMemcached(['-I', '512k'], async port => {
      const report = await run(port, { valueSize: { minimum: 600_000, maximum: 600_000 }, keys: 8 })
      assert.is(report.verdict, 'connection failed')
      assert.match(report.failures[0]?.message as string, /rejected by the server: SERVER_ERROR object too large/)
    }))
}

test('our server refuses a value: rejected, in its words', () =>
  withProtocolServer(['--protocol', 'kv', '--max-value', '8k'], async port => {
    const report = await run(port, { valueSize: { minimum: 20_000, maximum: 20_000 } })
    assert.ok((report.failureCounts.rejected as number) >= 1, JSON.stringify(report.failureCounts))
    assert.match(report.failures[0]?.message as string, /rejected by the server: SERVER_ERROR/)
  }))

test('a run finds what an earlier one with the same seed has left, and another seed does not meet it', () =>
  withKvStore({}, async port => {
    const valueSize = { minimum: 1, maximum: 100 }
    checkRight(await run(port, { valueSize, ratio: { gets: 1, sets: 3 } }), 2_000, 200)
    const again = await run(port, { valueSize, noPreload: true, expectHits: true, threads: 2 })
    checkRight(again, 2_000, 0)
    const other = await run(port, { seed: 6, ratio: { gets: 1, sets: 0 }, noPreload: true })
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
        const report = await run(one, { targets, threads: 2, connections: 5, expectHits: true, pipeline: 3 })
        checkRight(report, 2_000, 400)
      }
    })
  ))

test('open loop: latencies from when requests were due, of gets and of sets apart', () =>
  withKvStore({}, async port => {
    const rate = { from: 4_000, to: 4_000 }
    const report = await run(port, { rate, duration: 500, requests: 0, warmup: 100, arrivals: 'poisson', threads: 2 })
    assert.is(report.verdict, 'ok', report.failures[0]?.message)
    assert.ok(report.lag !== undefined && report.latency.fromDue !== undefined && report.latency.get !== undefined)
    assert.ok((report.messages?.echoed as number) > 0)
    assert.match(reportText({ report, thresholds: [] }), /^get .*\nset /m)
  }))

test('segments add up to the whole', () =>
  withKvStore({}, async port => {
    const segments = [1, 2, 3].map(index => ({ index, count: 3 }))
    const reports = await Promise.all(
      segments.map(segment => run(port, { segment, threads: 2, seed: 9, requests: 0, duration: 1_500 }))
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
    checkRight(await run(port, { expiry: 7_000, ratio: { gets: 0, sets: 1 } }), 2_000, 200)
  })
  assert.is(sets.length, 2_200)
  assert.ok(sets.every(({ expiry }) => expiry === '7'))
  if (memcached === undefined) return
  await withMemcached([], async port => {
    const report = await run(port, { expiry: 1_000, duration: 3_500, requests: 0, ratio: { gets: 1, sets: 0 } })
    assert.is(report.verdict, 'ok', report.failures[0]?.message)
    assert.ok((report.kv?.misses as number) > 0)
  })
})

const long = { minimum: 300, maximum: 300 }
const short = { minimum: 20, maximum: 20 }
const busy = { ratio: { gets: 1, sets: 1 }, keys: 10 }

/** Runs against a store that does one thing wrong, and returns the first failure's message. */
async function fault(faults: StoreFaults, options: Options = {}): Promise<{ message: string; report: LoadReport }> {
  const report = await withKvStore(faults, port => run(port, { requests: 20_000, valueSize: long, ...options }))
  assert.is(report.verdict, 'wrong bytes', JSON.stringify(report.failureCounts))
  return { message: report.failures[0]?.message as string, report }
}

for (const [name, options] of Object.entries({
  'with a header': { valueSize: long },
  'too short for a header': { valueSize: short },
  'read by another thread': { valueSize: long, threads: 2 },
  'on one connection': { valueSize: long, connections: 1, pipeline: 16 },
})) {
  test(`a stale value is found out: ${name}`, async () => {
    const show: StoreFaults['show'] = (items, get) => (get > 100 && get % 20 === 0 ? items.at(-8) : items.at(-1))
    const { message } = await fault(
      { show: items => show(items, 120, new Map()) ?? items.at(-1) },
      { ...busy, ...options }
    )
    assert.match(message, /wrong bytes at offset [\d,]+: key kv:5:\d+: a stale value: set/)
  })
}

test('wrong bytes may end the connection alone: the others go on, and are not accused', async () => {
  const show: StoreFaults['show'] = (items, get) => (get === 500 ? items.at(0) : items.at(-1))
  const { report } = await fault({ show }, { ...busy, wrongBytesEnd: 'connection', pipeline: 4, requests: 4_000 })
  assert.equal(report.failureCounts, { 'wrong bytes': 1 })
  assert.is(report.connections.completed, 7)
})

test('a value of another key is found out, whether the reply says so or not', async () => {
  const other: StoreFaults['show'] = (items, get, all) =>
    get === 500 ? [...all.values()].map(each => each.at(-1)).find(each => each?.key !== items[0]?.key) : items.at(-1)
  const { message, report } = await fault({ show: other })
  assert.match(message, /key (kv:5:\d+), byte 12 of 300: the value of another key came: (?!\1$)kv:5:\d+$/)
  assert.ok(report.failures[0]?.mismatch !== undefined)
  // The key of the value stands in the reply as well.
  const named = await fault({
    getReply: (reply, get) =>
      get === 500 ? Buffer.from(reply.toString('latin1').replace('kv:5:', 'kv:5:9'), 'latin1') : reply,
  })
  assert.match(named.message, /a get of key kv:5:(\d+): the reply is for key kv:5:9\1$/)
  const brief = await fault({ show: other }, { valueSize: short })
  assert.match(brief.message, /key kv:5:\d+, byte \d+ of 20: /)
})

test('one byte that is altered is found out, with its offset in the value and in the stream', async () => {
  for (const place of [0, 9, 24, 299]) {
    const getReply = (reply: Buffer, get: number) => {
      if (get === 300) flip(reply, reply.indexOf('\n') + 1 + place)
      return reply
    }
    const { message, report } = await fault({ getReply }, { connections: 1 })
    assert.match(
      message,
      new RegExp(`offset [\\d,]+: key kv:5:\\d+, byte ${place} of 300: .*altered|byte ${place} of 300: sent`)
    )
    const { mismatch, verified } = report.failures[0] ?? {}
    const line = (mismatch?.offset as number) - (verified as number) - place
    assert.ok(line > 20 && line < 40, `${line} bytes before the value`)
    const shown = (mismatch?.offset as number) - (mismatch?.windowStart as number)
    const [wanted, got] = [mismatch?.expected, mismatch?.received].map(hex => Buffer.from(hex as string, 'hex')[shown])
    assert.is((wanted as number) ^ (got as number), 1)
  }
})

test('a value that is torn is found out, and where', async () => {
  const show: StoreFaults['show'] = (items, get) => {
    const [older, newer] = [items.at(-2), items.at(-1)]
    if (get < 300 || older === undefined || newer === undefined) return newer
    return { ...newer, bytes: Buffer.concat([newer.bytes.subarray(0, 200), older.bytes.subarray(200)]) }
  }
  const { message } = await fault({ show }, busy)
  assert.match(message, /key kv:5:\d+, byte 20\d of 300: from here on come the bytes of another set of the key/)
})

test('a part of a value, more than a value, and a reply without its end', async () => {
  const edit = (change: (reply: Buffer) => Buffer) => ({
    getReply: (reply: Buffer, get: number) => (get === 300 ? change(reply) : reply),
  })
  const cut = (size: number) => (items: readonly StoredItem[], get: number) => {
    const item = items.at(-1) as StoredItem
    return get < 300 ? item : { ...item, bytes: item.bytes.subarray(0, size) }
  }
  assert.match((await fault({ show: cut(299) })).message, /byte 16 of 299: a part came of a value of 300 bytes/)
  assert.match((await fault({ show: cut(12) }, { valueSize: short })).message, /byte \d of 12: /)
  const surplus = edit(reply => Buffer.concat([reply.subarray(0, -7), Buffer.from('surplus\r\nEND\r\n')]))
  assert.match((await fault(surplus)).message, /something else than the end of the reply stands behind its 300 bytes/)
  const twice = edit(reply => Buffer.concat([reply, reply]))
  assert.match((await fault(twice, { connections: 1 })).message, /wrong bytes|nothing was to come/)
  const hung = await withKvStore(
    edit(reply => reply.subarray(0, -3)),
    port => run(port, { stallTimeout: 500, connections: 1, valueSize: long })
  )
  assert.is(hung.failures[0]?.kind, 'stalled')
})

test("what is no answer: a failure with the server's words", async () => {
  const answer = (words: string) =>
    withKvStore({ setReply: set => (set === 250 ? words : 'STORED\r\n') }, port => run(port, busy))
  for (const words of [
    'SERVER_ERROR out of memory storing object',
    'CLIENT_ERROR bad data chunk',
    'ERROR',
    'NOT_STORED',
  ]) {
    const { failures, verdict } = await answer(`${words}\r\n`)
    assert.is(verdict, 'connection failed')
    assert.is(failures[0]?.kind, 'rejected')
    assert.match(failures[0]?.message as string, new RegExp(`rejected by the server: ${words}$`))
  }
  const { failures } = await answer('STORE\r\n')
  assert.is(failures[0]?.kind, 'wrong bytes')
  assert.match(failures[0]?.message as string, /a set of key kv:5:\d+: "STORE" is no answer to that/)
})

test('a connection that ends while the keys are set does not hold up the others', async () => {
  const report = await withKvStore({ setReply: set => (set === 20 ? 'ERROR\r\n' : 'STORED\r\n') }, port => run(port))
  assert.is(report.connections.failed, 1)
  assert.is(report.connections.completed, 7)
  assert.ok((report.kv?.preloaded as number) >= 160)
  assert.ok((report.messages?.echoed as number) > 0)
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

function flip(bytes: Buffer, at: number): void {
  bytes[at] = (bytes[at] as number) ^ 1
}
