import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { LoadReport } from '../src/index.js'
import { type KvOptions, runKv } from './run-kv.js'
import { type StoredItem, type StoreFaults, withKvStore } from './with-kv-store.js'

const test = suite('kv: stores that do one thing wrong', { timeLimit: 60_000 })

const long = { minimum: 300, maximum: 300 }
const short = { minimum: 20, maximum: 20 }
const busy = { ratio: { gets: 1, sets: 1 }, keys: 10 }

/** Runs against a store that does one thing wrong, and returns the first failure's message. */
async function fault(faults: StoreFaults, options: KvOptions = {}): Promise<{ message: string; report: LoadReport }> {
  const report = await withKvStore(faults, port => runKv(port, { requests: 20_000, valueSize: long, ...options }))
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
    port => runKv(port, { stallTimeout: 500, connections: 1, valueSize: long })
  )
  assert.is(hung.failures[0]?.kind, 'stalled')
})

test("what is no answer: a failure with the server's words", async () => {
  const answer = (words: string) =>
    withKvStore({ setReply: set => (set === 250 ? words : 'STORED\r\n') }, port => runKv(port, busy))
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
  const report = await withKvStore({ setReply: set => (set === 20 ? 'ERROR\r\n' : 'STORED\r\n') }, port => runKv(port))
  assert.is(report.connections.failed, 1)
  assert.is(report.connections.completed, 7)
  assert.ok((report.kv?.preloaded as number) >= 160)
  assert.ok((report.messages?.echoed as number) > 0)
})

test.run()

function flip(bytes: Buffer, at: number): void {
  bytes[at] = (bytes[at] as number) ^ 1
}
