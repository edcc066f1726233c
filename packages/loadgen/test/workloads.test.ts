import { suite } from 'suite'
import * as assert from 'uvu/assert'
import {
  type IdlePlan,
  type LoadReport,
  type LoadRun,
  type StringsPlan,
  startLoad,
  type VanishPlan,
} from '../src/index.js'
import { until } from './until.js'
import { engines, local, withServer } from './with-server.js'

const size = { minimum: 1, maximum: 5_000 }

for (const engine of engines) {
  const strings = async (port: number, options: Partial<StringsPlan> = {}): Promise<LoadReport> => {
    const plan = {
      workload: 'strings',
      targets: [local(port)],
      seed: 5,
      engine,
      clients: 10,
      messages: 20,
      size,
    } as const
    return (await startLoad({ ...plan, ...options })).report
  }

  const test = suite(`strings, idle, vanish (${engine})`, { timeLimit: 20_000 })

  test('strings: every client gets its own back', async () => {
    const report = await withServer({ kind: 'none' }, ({ port }) => strings(port))
    assert.is(report.verdict, 'ok')
    assert.is(report.messages?.echoed, 200)
    assert.is(report.verified, report.sent)
    assert.ok(report.sent > 200 * 1_000 && report.sent < 200 * 4_000, `${report.sent}`)
    assert.is(report.connections.peakOpen, 10)
    assert.ok((report.messages?.longestEcho as number) >= (report.messages?.meanEcho as number))
  })

  test('strings: a seed repeats the run, another one does not', async () => {
    const [one, again, other] = await withServer({ kind: 'none' }, async ({ port }) => [
      await strings(port),
      await strings(port),
      await strings(port, { seed: 6 }),
    ])
    assert.is(one?.sent, again?.sent)
    assert.is.not(one?.sent, other?.sent)
  })

  test('strings: at a rate, each client still sends its own', async () => {
    const report = await withServer({ kind: 'none' }, ({ port }) =>
      strings(port, { rate: { from: 400, to: 400 }, messages: 10, threads: 2 })
    )
    assert.is(report.verdict, 'ok')
    assert.is(report.messages?.echoed, 100)
    assert.is(report.lag?.scheduled, 100)
    assert.is(report.lag?.unsent, 0)
    assert.is(report.connections.completed, 10)
    assert.ok(report.latency.fromDue !== undefined)
    assert.ok(report.elapsed >= 99 * 2.5)
  })

  test('strings: a charset is kept and verified', async () => {
    await withServer({ kind: 'none' }, async ({ port }) => {
      assert.is((await strings(port, { charset: 'a-c' })).verdict, 'ok')
    })
    await withServer({ kind: 'flip', at: 1_000, span: 1 }, async ({ port }) => {
      const { failures } = await strings(port, { charset: 'a-c' })
      assert.is(failures[0]?.mismatch?.offset, 1_000)
      assert.match(Buffer.from(failures[0]?.mismatch?.expected as string, 'hex').toString(), /^[abc]+$/)
    })
  })

  test('strings: single bytes, and lengths as asked', async () => {
    const report = await withServer({ kind: 'trickle' }, ({ port }) =>
      strings(port, { size: { minimum: 33, maximum: 33 }, messages: 5 })
    )
    assert.is(report.verdict, 'ok')
    assert.is(report.sent, 10 * 5 * 33)
  })

  test('strings: a wrong byte ends the run', async () => {
    const report = await withServer({ kind: 'none' }, good =>
      withServer({ kind: 'flip', at: 3_000, span: 1 }, bad =>
        strings(good.port, { targets: [local(good.port), local(bad.port)], messages: 10_000 })
      )
    )
    assert.is(report.verdict, 'wrong bytes')
    assert.is(report.connections.completed, 0)
    assert.is(report.failures[0]?.mismatch?.offset, 3_000)
    assert.match(report.failures[0]?.message as string, /, connection \d: wrong bytes at offset 3,000/)
  })

  test('strings: the others go on when one fails', async () => {
    const report = await withServer({ kind: 'none' }, good =>
      withServer({ kind: 'close', at: 500 }, bad =>
        strings(good.port, { targets: [local(good.port), local(bad.port)] })
      )
    )
    assert.is(report.verdict, 'connection failed')
    assert.equal(
      report.targets.map(({ connections }) => [connections.completed, connections.failed]),
      [
        [5, 0],
        [0, 5],
      ]
    )
    assert.is(report.failureCounts['closed early'], 5)
  })

  const startIdle = (port: number, options: Partial<IdlePlan>): Promise<LoadRun> =>
    startLoad({ workload: 'idle', targets: [local(port)], seed: 0, engine, clients: 200, ...options })

  const idle = async (port: number, options: Partial<IdlePlan>): Promise<LoadReport> =>
    (await startIdle(port, options)).report

  test('idle: holds them all at once, then closes them', async () => {
    const report = await withServer({ kind: 'none' }, ({ port }) => idle(port, { duration: 300 }))
    assert.is(report.verdict, 'ok')
    assert.is(report.connections.peakOpen, 200)
    assert.is(report.connections.completed, 200)
    assert.ok(report.elapsed >= 300)
  })

  test('idle: opens at a bounded rate', async () => {
    const report = await withServer({ kind: 'none' }, ({ port }) =>
      idle(port, { clients: 50, connectRate: 100, duration: 1 })
    )
    assert.is(report.connections.completed, 50)
    assert.ok(report.elapsed >= 480, `${report.elapsed}`)
  })

  test('idle: reports the connections that the server closed', async () => {
    const report = await withServer({ kind: 'none' }, async server => {
      const run = await startIdle(server.port, { duration: 5_000 })
      await until(run, ({ connections }) => connections.open === 200)
      server.process.kill('SIGKILL')
      return run.report
    })
    assert.is(report.verdict, 'connection failed')
    assert.is(report.connections.failed, 200)
    assert.is(report.failures.length, 100)
    assert.ok(report.elapsed < 5_000)
  })

  test('idle: tells connections that were not made in time', async () => {
    const report = await withServer({ kind: 'none' }, async server => {
      // The kernel goes on accepting for it until the backlog (511) is full.
      server.process.kill('SIGSTOP')
      return idle(server.port, { clients: 600, connectRate: 0, connectTimeout: 700, duration: 1 })
    })
    assert.is(report.verdict, 'connection failed')
    assert.equal(Object.keys(report.failureCounts), ['connect timeout'])
    assert.ok(report.connections.established > 500)
    assert.is(report.connections.failed, 600 - report.connections.established)
    assert.match(report.failures[0]?.message as string, /: not connected within 0\.7 s$/)
  })

  for (const how of ['rst', 'fin', 'rst-while-receiving'] as const) {
    test(`vanish: ${how}`, async () => {
      await withServer({ kind: 'none' }, async ({ port, endings }) => {
        const plan: VanishPlan = { workload: 'vanish', targets: [local(port)], seed: 1, engine, how, clients: 20 }
        const report = await (await startLoad(plan)).report
        assert.is(report.verdict, 'ok')
        assert.is(report.connections.completed, 20)
        if (how === 'rst-while-receiving') assert.ok(report.received > 0 && report.received < report.sent)
        else assert.is(report.sent, 20 * 16 * 1024)
        const seen = await endings(20)
        assert.is(seen.filter(ending => (ending === 'FIN') === (how === 'fin')).length, 20, seen.join())
        // The server has survived, and is asked.
        assert.is((await strings(port)).verdict, 'ok')
      })
    })
  }

  test.run()
}
