import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type LoadReport, type PingPongPlan, startLoad } from '../src/index.js'
import { LatencyRecorder, type LatencySummary } from '../src/measurement/latency-recorder.js'
import { allEngines, local, withServer } from './with-server.js'

for (const engine of allEngines) {
  const test = suite(`coordinated omission (${engine})`, { timeLimit: 30_000 })

  test('a server that freezes: what was due meanwhile has waited as long as arithmetic says', async () => {
    const [rate, duration] = [250, 4_000]
    let frozen = 0
    const report = await withServer({ kind: 'none' }, async ({ port, process: server }) => {
      const plan: PingPongPlan = {
        workload: 'ping-pong',
        targets: [local(port)],
        seed: 1,
        engine,
        connections: 2,
        rate: { from: rate, to: rate },
        duration,
      }
      const run = await startLoad(plan)
      await sleep(1_000)
      const stoppedAt = performance.now()
      server.kill('SIGSTOP')
      await sleep(1_000)
      frozen = performance.now() - stoppedAt
      server.kill('SIGCONT')
      return run.report
    })
    assert.is(report.verdict, 'ok')
    const due = summaryOf(report, 'fromDue')
    const send = summaryOf(report, 'fromSend')
    const messages = (rate * duration) / 1000
    assert.is(due.count + (report.lag?.unsent as number), messages)
    // In the freeze, (rate * frozen) messages became due, evenly: their latencies fall from its length to nothing.
    // A share p of all messages lies above frozen - p * messages / rate. The signals' own delay is 20 ms at most.
    const above = (share: number) => frozen - (share * messages * 1000) / rate - 20
    assert.ok(due.max >= above(0), `max ${due.max} of ${frozen}`)
    assert.ok(due.p99 >= above(0.01), `p99 ${due.p99}, expected ${above(0.01)}`)
    assert.ok(due.p90 >= above(0.1), `p90 ${due.p90}, expected ${above(0.1)}`)
    // Only the two that were on their way saw the freeze after they were sent.
    assert.ok(send.max >= above(0))
    assert.ok(send.p90 < due.p90 / 2, `${send.p90} is no less than half of ${due.p90}`)
  })

  test('a wrong byte under a schedule is found as well', async () => {
    const report = await withServer({ kind: 'flip', at: 6_400, span: 1 }, async ({ port }) => {
      const plan: PingPongPlan = {
        workload: 'ping-pong',
        targets: [local(port)],
        seed: 1,
        engine,
        connections: 1,
        rate: { from: 500, to: 500 },
        duration: 10_000,
      }
      return (await startLoad(plan)).report
    })
    assert.is(report.verdict, 'wrong bytes')
    assert.is(report.failures[0]?.mismatch?.offset, 6_400)
    assert.match(report.failures[0]?.mismatch?.explanation as string, /one byte was altered/)
    assert.ok(report.elapsed < 10_000)
  })

  test.run()
}

function summaryOf(report: LoadReport, kind: 'fromDue' | 'fromSend'): LatencySummary {
  const recorder = new LatencyRecorder()
  recorder.merge(report.latency[kind] as string)
  return recorder.summary()
}
