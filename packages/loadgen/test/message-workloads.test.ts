import { suite } from 'suite'
import * as assert from 'uvu/assert'
import {
  type ChurnPlan,
  type CrowdPlan,
  type LoadReport,
  type PingPongPlan,
  type SlowPlan,
  startLoad,
} from '../src/index.js'
import { reportText } from '../src/output/report-text.js'
import { allEngines, local, withServer } from './with-server.js'

for (const engine of allEngines) {
  const test = suite(`ping-pong, churn, crowd, slow (${engine})`, { timeLimit: 20_000 })

  const pingPong = async (port: number, options: Partial<PingPongPlan> = {}): Promise<LoadReport> => {
    const plan: PingPongPlan = {
      workload: 'ping-pong',
      targets: [local(port)],
      seed: 5,
      engine,
      connections: 8,
      requests: 400,
      ...options,
    }
    return (await startLoad(plan)).report
  }

  test('ping-pong: so many messages as asked, every one verified', async () => {
    const report = await withServer({ kind: 'none' }, ({ port }) => pingPong(port))
    assert.is(report.verdict, 'ok')
    assert.is(report.messages?.planned, 400)
    assert.is(report.messages?.echoed, 400)
    assert.is(report.measured.messages, 400)
    assert.is(report.sent, 400 * 64)
    assert.is(report.verified, report.sent)
    assert.is(report.connections.completed, 8)
    assert.is(report.lag, undefined)
    assert.ok(report.latency.fromSend !== undefined && report.latency.fromDue === undefined)
  })

  test('ping-pong: lengths at random, several on their way', async () => {
    const size = { minimum: 1, maximum: 70_000 }
    const [one, again] = await withServer({ kind: 'none' }, async ({ port }) => [
      await pingPong(port, { size, pipeline: 5, connections: 4 }),
      await pingPong(port, { size, pipeline: 5, connections: 4 }),
    ])
    assert.is(one?.verdict, 'ok')
    assert.is(one?.messages?.echoed, 400)
    assert.ok((one?.sent as number) > 400 * 25_000 && (one?.sent as number) < 400 * 45_000, `${one?.sent}`)
    assert.is(again?.verified, again?.sent)
  })

  test('ping-pong: single bytes come back one by one', async () => {
    const size = { minimum: 20, maximum: 40 }
    const report = await withServer({ kind: 'trickle' }, ({ port }) => pingPong(port, { size, pipeline: 3 }))
    assert.is(report.verdict, 'ok')
    assert.is(report.messages?.echoed, 400)
  })

  test('ping-pong: the same message again and again', async () => {
    const message = Buffer.from('PING\r\n').toString('base64')
    const report = await withServer({ kind: 'none' }, ({ port }) => pingPong(port, { message, pipeline: 2 }))
    assert.is(report.verdict, 'ok')
    assert.is(report.sent, 400 * 6)
    const wrong = await withServer({ kind: 'flip', at: 32, span: 1 }, ({ port }) => pingPong(port, { message }))
    assert.is(wrong.failures[0]?.mismatch?.offset, 32)
    assert.is(wrong.failures[0]?.mismatch?.expected, Buffer.from('PING\r\n'.repeat(6)).toString('hex', 0, 36))
  })

  test('ping-pong: until so many bytes are sent', async () => {
    const report = await withServer({ kind: 'none' }, ({ port }) => pingPong(port, { requests: 0, bytes: 10_000 }))
    assert.is(report.verdict, 'ok')
    // The last message may exceed it.
    assert.is(report.sent, Math.ceil(10_000 / 64) * 64)
  })

  test('ping-pong: threads share the work exactly', async () => {
    const report = await withServer({ kind: 'none' }, ({ port }) =>
      pingPong(port, { threads: 3, requests: 1_000, connections: 7, interval: 50 })
    )
    assert.is(report.verdict, 'ok')
    assert.is(report.messages?.echoed, 1_000)
    assert.is(report.connections.planned, 7)
    assert.is(report.connections.peakOpen, 7)
    assert.is(
      total(report, interval => interval.messages),
      1_000
    )
    assert.is(report.generator.threads.length, 3)
  })

  test('ping-pong: one wrong byte ends the run, with its offset', async () => {
    const report = await withServer({ kind: 'flip', at: 3_210, span: 1 }, ({ port }) =>
      pingPong(port, { requests: 1_000_000 })
    )
    assert.is(report.verdict, 'wrong bytes')
    assert.ok(report.failures.length >= 1 && report.failures.every(({ mismatch }) => mismatch?.offset === 3_210))
    assert.is(report.connections.completed, 0)
  })

  test('ping-pong: wrong bytes may end the connection alone', async () => {
    const report = await withServer({ kind: 'none' }, good =>
      withServer({ kind: 'flip', at: 640, span: 1 }, bad =>
        pingPong(good.port, {
          targets: [local(good.port), local(bad.port)],
          wrongBytesEnd: 'connection',
          requests: 2_000,
        })
      )
    )
    assert.is(report.verdict, 'wrong bytes')
    assert.is(report.connections.completed, 4)
    assert.equal(
      report.targets.map(({ failureCounts }) => failureCounts),
      [{}, { 'wrong bytes': 4 }]
    )
    assert.is(report.targets[0]?.connections.completed, 4)
    // What the connections that failed had begun is not begun again.
    assert.is(report.messages?.echoed, 2_000 - 4)
  })

  test('ping-pong: ramp, warm-up and measured time are told apart', async () => {
    const report = await withServer({ kind: 'none' }, ({ port }) =>
      pingPong(port, { requests: 0, duration: 300, warmup: 200, interval: 100, connectRate: 100 })
    )
    const { intervals, measured } = report
    const phases = [...new Set(intervals.map(({ phase }) => phase))]
    assert.equal(phases.slice(0, 3), ['ramp', 'warmup', 'measured'])
    assert.ok(intervals.every(({ start, end }, at) => start === (intervals[at - 1]?.end ?? 0) && end >= start))
    assert.is(
      total(report, ({ phase, messages }) => (phase === 'ramp' ? messages : 0)),
      0
    )
    assert.is(
      total(report, ({ messages }) => messages),
      report.messages?.echoed
    )
    assert.is(
      total(report, ({ sent }) => sent),
      report.sent
    )
    assert.ok(measured.elapsed >= 100 && measured.start >= 200, `${measured.start} ${measured.elapsed}`)
    assert.ok(measured.messages < (report.messages?.echoed as number))
    assert.is(
      measured.messages,
      total(report, ({ phase, messages }) => (phase === 'measured' ? messages : 0))
    )
  })

  test('an open loop: as many as the schedule says, with both latencies', async () => {
    const report = await withServer({ kind: 'none' }, ({ port }) =>
      pingPong(port, { requests: 0, duration: 1_000, warmup: 200, rate: { from: 300, to: 300 } })
    )
    assert.is(report.verdict, 'ok')
    // 60 in the warm-up, 300 measured; what a busy machine did not let begin is said.
    assert.is((report.messages?.echoed as number) + (report.lag?.unsent as number), 360)
    assert.is((report.lag?.scheduled as number) + (report.lag?.unsent as number), 300)
    assert.ok(report.latency.fromDue !== undefined && report.latency.fromSend !== undefined)
  })

  test('churn: connects, one message each, by FIN and by RST', async () => {
    for (const rst of [false, true]) {
      await withServer({ kind: 'none' }, async ({ port, endings }) => {
        const plan: ChurnPlan = {
          workload: 'churn',
          targets: [local(port)],
          seed: 1,
          engine,
          requests: 150,
          clients: 10,
          rst,
        }
        const report = await (await startLoad(plan)).report
        assert.is(report.verdict, 'ok')
        assert.is(report.connections.established, 150)
        assert.is(report.connections.completed, 150)
        assert.ok(report.connections.peakOpen <= 10)
        assert.is(report.messages?.echoed, 150)
        assert.is(report.sent, 150 * 64)
        assert.ok(report.latency.connect !== undefined)
        const seen = await endings(150)
        assert.is(seen.filter(ending => (ending === 'FIN') === !rst).length, 150, seen.join())
      })
    }
  })

  test('churn at a rate, on two threads', async () => {
    const report = await withServer({ kind: 'none' }, async ({ port }) => {
      const plan: ChurnPlan = {
        workload: 'churn',
        targets: [local(port)],
        seed: 1,
        engine,
        duration: 500,
        threads: 2,
        rate: { from: 200, to: 200 },
      }
      return (await startLoad(plan)).report
    })
    assert.is(report.verdict, 'ok')
    assert.is(report.connections.established + (report.lag?.unsent as number), 100)
  })

  test('churn: a server that goes away is counted, and does not make the clients run wild', async () => {
    const report = await withServer({ kind: 'none' }, async server => {
      setTimeout(() => server.process.kill('SIGKILL'), 300)
      const plan: ChurnPlan = {
        workload: 'churn',
        targets: [local(server.port)],
        seed: 1,
        engine,
        duration: 800,
        clients: 4,
      }
      return (await startLoad(plan)).report
    })
    assert.is(report.verdict, 'connection failed')
    assert.ok((report.failureCounts.refused as number) > 0 && (report.failureCounts.refused as number) < 4 * 80)
    assert.is(
      total(report, ({ failures }) => failures.refused ?? 0),
      report.failureCounts.refused
    )
  })

  test('a crowd: all there at one instant, and then each is answered', async () => {
    for (const threads of [1, 2]) {
      const report = await withServer({ kind: 'none' }, async ({ port }) => {
        const plan: CrowdPlan = { workload: 'crowd', targets: [local(port)], seed: 1, engine, clients: 300, threads }
        return (await startLoad(plan)).report
      })
      assert.is(report.verdict, 'ok')
      assert.is(report.crowd?.atOnce, 300)
      assert.is(report.crowd?.received, 0)
      assert.is(report.messages?.echoed, 300)
      assert.is(report.connections.peakOpen, 300)
      assert.is(report.connections.completed, 300)
    }
  })

  test('a target that refuses is counted, and the others are measured to the end', async () => {
    const dead = await withServer({ kind: 'none' }, async server => server.port)
    const report = await withServer({ kind: 'none' }, async ({ port }) => {
      const plan: ChurnPlan = {
        workload: 'churn',
        targets: [local(dead), local(port)],
        seed: 1,
        engine,
        duration: 300,
        rate: { from: 100, to: 100 },
      }
      return (await startLoad(plan)).report
    })
    assert.is(report.verdict, 'connection failed')
    const [refusing, living] = report.targets
    assert.is(refusing?.failureCounts.refused, report.failureCounts.refused)
    assert.is(refusing?.connections.established, 0)
    assert.equal(living?.failureCounts, {})
    assert.is(living?.connections.completed, 15)
    assert.is(refusing?.connections.failed, 15)
  })

  test('a crowd in which somebody lacks is not shown, and the others are answered', async () => {
    const dead = await withServer({ kind: 'none' }, async server => server.port)
    const report = await withServer({ kind: 'none' }, async ({ port }) => {
      const targets = [local(port), local(dead)]
      const plan: CrowdPlan = { workload: 'crowd', targets, seed: 1, engine, clients: 20 }
      return (await startLoad(plan)).report
    })
    assert.is(report.verdict, 'connection failed')
    assert.is(report.crowd?.atOnce, 10)
    assert.is(report.messages?.echoed, 10)
    const text = reportText({ report, thresholds: [] })
    assert.match(text, /^crowd +not shown: 10 of 20 were there at once$/m)
    assert.not.match(text, /all answered/)
  })

  test('a crowd: replies that are no echo have to match', async () => {
    const plan = (port: number, reply: string): CrowdPlan => ({
      workload: 'crowd',
      targets: [local(port)],
      seed: 1,
      engine,
      clients: 20,
      message: Buffer.from('arijort:hello\n').toString('base64'),
      reply,
    })
    await withServer({ kind: 'none' }, async ({ port }) => {
      const right = await (await startLoad(plan(port, '[a-z]+:hello'))).report
      assert.is(right.verdict, 'ok')
      assert.is(right.verified, 20 * 14)
      const wrong = await (await startLoad(plan(port, 'hello'))).report
      assert.is(wrong.verdict, 'wrong bytes')
      assert.match(wrong.failures[0]?.message as string, /the reply "arijort:hello" does not match/)
    })
  })

  test('slow clients: a byte at a time, and all of it right', async () => {
    for (const how of ['read', 'write', 'both'] as const) {
      const report = await withServer({ kind: 'none' }, async ({ port }) => {
        const plan: SlowPlan = {
          workload: 'slow',
          targets: [local(port)],
          seed: 1,
          engine,
          how,
          clients: 6,
          every: 50,
          duration: 600,
        }
        return (await startLoad(plan)).report
      })
      assert.is(report.verdict, 'ok')
      assert.is(report.verified, report.sent)
      assert.is(report.connections.completed, 6)
      const steady = report.measured.verified
      assert.ok(
        steady <= (engine === 'node' && how !== 'write' ? Number.POSITIVE_INFINITY : 6 * 14),
        `${how} ${steady}`
      )
      if (how === 'write') assert.ok(report.sent >= 6 && report.sent <= 6 * 14, `${report.sent}`)
      else assert.ok(report.sent > 100_000)
    }
  })

  test.run()
}

function total(report: LoadReport, figure: (interval: LoadReport['intervals'][number]) => number): number {
  return report.intervals.reduce((sum, interval) => sum + figure(interval), 0)
}
