import { UsageError } from 'command-line'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type LoadPlan, type LoadReport, type PingPongPlan, type StringsPlan, startLoad } from '../src/index.js'
import { local, withServer } from './with-server.js'

const test = suite('segments and threads', { timeLimit: 20_000 })

async function run(plan: LoadPlan): Promise<LoadReport> {
  return (await startLoad(plan)).report
}

const segments = (count: number) => Array.from({ length: count }, (_, at) => ({ index: at + 1, count }))

function sum(reports: readonly LoadReport[], figure: (report: LoadReport) => number): number {
  return reports.reduce((total, report) => total + figure(report), 0)
}

test('the segments of a plan send together exactly what the whole plan sends', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const plan: StringsPlan = {
      workload: 'strings',
      targets: [local(port)],
      seed: 11,
      clients: 10,
      messages: 7,
      size: { minimum: 1, maximum: 3_000 },
    }
    const whole = await run(plan)
    const parts = await Promise.all(segments(3).map(segment => run({ ...plan, segment, threads: 2 })))
    assert.equal(
      parts.map(({ connections }) => connections.planned),
      [4, 3, 3]
    )
    assert.is(
      sum(parts, ({ sent }) => sent),
      whole.sent
    )
    assert.is(
      sum(parts, ({ messages }) => messages?.echoed ?? 0),
      70
    )
    assert.is(
      sum(parts, ({ messages }) => messages?.planned ?? 0),
      70
    )
  })
})

test('the segments of a stream send together exactly its size', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const parts = await Promise.all(
      segments(2).map(segment =>
        run({ workload: 'stream', targets: [local(port)], seed: 1, size: 1_000_003, connections: 5, segment })
      )
    )
    assert.is(
      sum(parts, ({ verified }) => verified),
      1_000_003
    )
  })
})

test('rates and requests are divided exactly', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const plan: PingPongPlan = {
      workload: 'ping-pong',
      targets: [local(port)],
      seed: 1,
      connections: 8,
      rate: { from: 301, to: 301 },
      duration: 1_000,
    }
    const parts = await Promise.all(segments(2).map(segment => run({ ...plan, segment })))
    assert.equal(
      parts.map(({ lag }) => (lag?.scheduled ?? 0) + (lag?.unsent ?? 0)),
      [151, 150]
    )
    const counted = await Promise.all(
      segments(2).map(segment => run({ ...plan, rate: { from: 0, to: 0 }, duration: 0, requests: 101, segment }))
    )
    assert.equal(
      counted.map(({ messages }) => messages?.echoed),
      [51, 50]
    )
  })
})

test('all shares start at the moment that was named', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const startAt = Date.now() + 2_000
    const plan: LoadPlan = { workload: 'ping-pong', targets: [local(port)], seed: 1, requests: 64, startAt }
    const running = await startLoad(plan)
    assert.is((await running.progress()).elapsed, 0)
    const report = await running.report
    assert.ok(Date.now() >= startAt)
    assert.is(report.verdict, 'ok')
    assert.ok(report.elapsed < Date.now() - startAt + 5, `${report.elapsed}`)
    // Where times of all shares are put on one clock, this is what they are relative to.
    const startedAt = Date.parse(report.environment.startedAt)
    assert.ok(startedAt >= startAt && startedAt + report.elapsed < Date.now() + 5, report.environment.startedAt)
  })
})

test('connections come from the addresses that were named, in turn', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const plan: LoadPlan = { workload: 'idle', targets: [local(port)], seed: 1, clients: 6, duration: 100 }
    const report = await run({ ...plan, sourceAddresses: ['127.0.0.2', '127.0.0.3'] })
    assert.is(report.verdict, 'ok')
    const refusal = await run({ ...plan, sourceAddresses: ['127.0.0.2', '192.0.2.1'] }).catch(error => error)
    assert.instance(refusal, UsageError)
    assert.match(
      refusal.message,
      /^--source-ip: 192\.0\.2\.1 cannot be bound to \(EADDRNOTAVAIL\); expected addresses of/
    )
  })
})

test('the server is sampled: by its pid, and found by its port', async () => {
  await withServer({ kind: 'none' }, async ({ port, process: server }) => {
    for (const monitor of ['auto', server.pid as number] as const) {
      const plan: LoadPlan = { workload: 'ping-pong', targets: [local(port)], seed: 1, duration: 700, monitor }
      const report = await run(plan)
      assert.is(report.server?.pid, server.pid)
      const samples = report.server?.samples ?? []
      assert.ok(samples.length >= 2)
      assert.ok(samples.every(({ rss, threads }) => rss > 1_000_000 && threads > 1))
      assert.ok((samples.at(-1)?.cpuSeconds as number) > 0)
    }
    await startLoad({ workload: 'idle', targets: [local(1)], seed: 1, clients: 1, monitor: 'auto' }).then(
      () => assert.unreachable(),
      error => assert.match(error.message, /--monitor auto: found no process/)
    )
  })
})

test('what loadgen uses and where it ran is in every report', async () => {
  await withServer({ kind: 'none' }, async ({ port }) => {
    const { generator, environment } = await run({
      workload: 'ping-pong',
      targets: [local(port)],
      seed: 1,
      duration: 300,
    })
    assert.ok(generator.cpuPercent > 0 && generator.peakRss > 10_000_000)
    assert.is(environment.node, process.version)
    // A run that is over at once: what it took to get going is not its cost, nor a bottleneck.
    const failed = await run({ workload: 'ping-pong', targets: [local(port), local(1)], seed: 1, duration: 300 })
    assert.is(failed.verdict, 'connection failed')
    assert.ok(failed.generator.cpuPercent <= 100 * environment.cores + 1, `${failed.generator.cpuPercent}`)
    assert.is(failed.generator.bottleneck, undefined)
    assert.ok(environment.cores >= 1 && environment.memory > 0)
  })
})

test.run()
