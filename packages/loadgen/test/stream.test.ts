import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type LoadReport, type LoadRun, type Progress, type StreamPlan, startLoad } from '../src/index.js'
import type { Fault } from './fixtures/echo-server.js'
import { until } from './until.js'
import { engines, local, withServer } from './with-server.js'

const mib = 1024 * 1024

/** Runs a stream against a server with a fault, and returns the report. */
async function streamAgainst(fault: Fault, options: Partial<StreamPlan>): Promise<LoadReport> {
  return withServer(fault, async ({ port }) => (await startStream(port, options)).report)
}

function startStream(port: number, options: Partial<StreamPlan>): Promise<LoadRun> {
  return startLoad({ workload: 'stream', targets: [local(port)], seed: 7, size: mib, ...options })
}

for (const engine of engines) {
  const test = suite(`stream (${engine})`, { timeLimit: 20_000 })

  test('every byte comes back and is verified', async () => {
    const size = 20 * mib + 3
    const report = await streamAgainst({ kind: 'none' }, { engine, size })
    assert.is(report.verdict, 'ok')
    assert.is(report.engine, engine)
    assert.equal([report.sent, report.received, report.verified], [size, size, size])
    assert.equal(report.failures, [])
    const { planned, established, completed, open } = report.connections
    assert.equal({ planned, established, completed, open }, { planned: 1, established: 1, completed: 1, open: 0 })
  })

  test('connections share the size, over all targets', async () => {
    const size = 3 * mib + 5
    const report = await withServer({ kind: 'none' }, one =>
      withServer({ kind: 'none' }, async other => {
        const targets = [local(one.port), local(other.port)]
        return (await startStream(one.port, { engine, size, targets, connections: 7 })).report
      })
    )
    assert.is(report.verdict, 'ok')
    assert.is(report.verified, size)
    assert.equal(
      report.targets.map(({ connections }) => connections.completed),
      [4, 3]
    )
    assert.is(
      report.targets.reduce((sum, target) => sum + target.verified, 0),
      size
    )
  })

  test('an echo in single bytes is an echo', async () => {
    const report = await streamAgainst({ kind: 'trickle' }, { engine, size: 20_000 })
    assert.is(report.verdict, 'ok')
    assert.is(report.verified, 20_000)
  })

  test('FIN follows the last byte, or waits until everything has come back', async () => {
    const [early] = (await streamAgainst({ kind: 'hasty' }, { engine })).failures
    assert.is(early?.kind, 'closed early')
    const report = await streamAgainst({ kind: 'hasty' }, { engine, finAfterEcho: true })
    assert.is(report.verdict, 'ok')
    assert.is(report.verified, mib)
  })

  const at = 300_001
  const wrong: readonly (readonly [string, Fault, RegExp])[] = [
    ['one changed byte', { kind: 'flip', at, span: 1 }, /one byte was altered/],
    ['a lost chunk', { kind: 'drop', at, span: 4096 }, /4,096 bytes are missing/],
    ['a repeated chunk', { kind: 'repeat', at: at - 1000, span: 1000 }, /1,000 bytes earlier .* came again/],
    ['swapped chunks', { kind: 'swap', at, span: 8192 }, /4,096 bytes are missing/],
    ['zeros', { kind: 'zero', at, span: 4096 }, /zeros came instead/],
  ]
  for (const [name, fault, explanation] of wrong) {
    test(`${name}: wrong bytes at the right offset`, async () => {
      const report = await streamAgainst(fault, { engine })
      assert.is(report.verdict, 'wrong bytes')
      const [failure] = report.failures
      assert.is(failure?.kind, 'wrong bytes')
      assert.is(failure?.mismatch?.offset, at)
      assert.is(failure?.verified, at)
      assert.is(report.verified, at)
      assert.match(failure?.message as string, explanation)
      assert.match(failure?.message as string, /^127\.0\.0\.1:\d+: wrong bytes at offset 300,001: /)
      assert.is(failure?.mismatch?.received.length, 2 * 96)
    })
  }

  test('bytes beyond the end are wrong', async () => {
    const report = await streamAgainst({ kind: 'surplus' }, { engine, size: 1000 })
    assert.is(report.verdict, 'wrong bytes')
    assert.is(report.failures[0]?.mismatch?.offset, 1000)
    assert.match(report.failures[0]?.message as string, /more came back than was sent/)
  })

  test('the bytes of another connection are told apart', async () => {
    const report = await streamAgainst({ kind: 'crosstalk' }, { engine, connections: 2, size: 2 * mib })
    assert.is(report.verdict, 'wrong bytes')
    assert.is(report.failures[0]?.connection, 1)
    assert.match(report.failures[0]?.message as string, /connection 1: .*another connection came: number 0, offset 0/)
  })

  test('a server that closes early', async () => {
    const report = await streamAgainst({ kind: 'close', at }, { engine, size: 50 * mib })
    assert.is(report.verdict, 'connection failed')
    const [failure] = report.failures
    assert.ok(failure?.kind === 'closed early' || failure?.kind === 'reset', failure?.message)
    assert.ok((failure?.verified as number) <= at)
  })

  test('a server that sends FIN after less than it got', async () => {
    const report = await streamAgainst({ kind: 'close', at: 1000 }, { engine, size: 2000 })
    const [failure] = report.failures
    assert.is(failure?.kind, 'closed early')
    assert.match(failure?.message as string, /closed by the server after 2,000 bytes sent, 1,000 verified$/)
  })

  test('a server that resets', async () => {
    const report = await streamAgainst({ kind: 'reset', at }, { engine, size: at + 10 })
    assert.is(report.verdict, 'connection failed')
    const [failure] = report.failures
    assert.is(failure?.kind, 'reset')
    assert.is(failure?.code, 'ECONNRESET')
    assert.is(failure?.verified, at)
    assert.match(
      failure?.message as string,
      /connection reset \(ECONNRESET\) after 300,011 bytes sent, 300,001 verified$/
    )
  })

  test('a server that falls silent', async () => {
    const report = await streamAgainst({ kind: 'silence', at }, { engine, stallTimeout: 1_200 })
    assert.is(report.verdict, 'connection failed')
    assert.is(report.failures[0]?.kind, 'stalled')
    assert.is(report.verified, at)
    assert.is(report.stalls.count, 1)
    assert.ok(report.stalls.longest >= 1_200)
  })

  test('a server that freezes for a while is a stall and no failure', async () => {
    const report = await streamAgainst({ kind: 'freeze', at, pause: 1_500 }, { engine })
    assert.is(report.verdict, 'ok')
    assert.is(report.verified, mib)
    assert.is(report.stalls.count, 1)
    assert.ok(report.stalls.longest >= 1_400, `${report.stalls.longest}`)
    assert.is(report.stalls.total, report.stalls.longest)
  })

  test('a server that does not close its side', async () => {
    const report = await streamAgainst({ kind: 'open end' }, { engine, stallTimeout: 500 })
    assert.is(report.verdict, 'connection failed')
    assert.is(report.failures[0]?.kind, 'not closed')
    assert.is(report.verified, mib)
  })

  test('a server that is killed', async () => {
    const report = await withServer({ kind: 'none' }, async server => {
      const run = await startStream(server.port, { engine, size: 2 ** 40 })
      await until(run, ({ verified }) => verified > mib)
      server.process.kill('SIGKILL')
      return run.report
    })
    assert.is(report.verdict, 'connection failed')
    const [failure] = report.failures
    assert.ok(failure?.kind === 'reset' || failure?.kind === 'closed early', failure?.kind)
    assert.ok((failure?.verified as number) > mib)
    assert.is(report.verified, failure?.verified)
  })

  test('nobody listens', async () => {
    const port = await withServer({ kind: 'none' }, async server => server.port)
    const report = await (await startStream(port, { engine })).report
    assert.is(report.verdict, 'connection failed')
    const [failure] = report.failures
    assert.equal([failure?.kind, failure?.syscall, failure?.code], ['refused', 'connect', 'ECONNREFUSED'])
    assert.is(failure?.message, `127.0.0.1:${port}: connection refused`)
  })

  test('a stream that does not read fills the buffers, and later verifies everything', async () => {
    const report = await withServer({ kind: 'none' }, async ({ port }) => {
      const run = await startStream(port, { engine, size: 2 ** 40, noRead: true, hold: true })
      const { sent, received } = await until(run, ({ sinceProgress }) => sinceProgress > 300)
      assert.ok(sent > 100_000)
      assert.is(received, 0)
      run.startReading()
      await until(run, ({ verified }) => verified > sent)
      return run.stop({ drain: true })
    })
    assert.is(report.verdict, 'ok')
    assert.is(report.verified, report.sent)
    assert.is(report.connections.completed, 1)
  })

  test('a stalled stream is no failure, and ends after its duration', async () => {
    const options = { engine, size: 2 ** 40, noRead: true, duration: 800, stallTimeout: 100 }
    const report = await streamAgainst({ kind: 'none' }, options)
    assert.is(report.verdict, 'ok')
    assert.ok(report.sent > 100_000)
    assert.is(report.received, 0)
    assert.ok(report.elapsed >= 800 && report.elapsed < 5_000)
  })

  test('a stream that does not read ends when all is sent, unless it is held', async () => {
    const report = await streamAgainst({ kind: 'none' }, { engine, size: 1000, noRead: true })
    assert.equal([report.verdict, report.sent, report.connections.completed], ['ok', 1000, 1])
    await withServer({ kind: 'none' }, async ({ port }) => {
      const run = await startStream(port, { engine, size: 1000, noRead: true, hold: true })
      const held = await until(run, ({ sent, elapsed }) => sent === 1000 && elapsed > 300)
      assert.is(held.connections.open, 1)
      run.startReading()
      assert.equal([(await run.report).verdict, (await run.report).verified], ['ok', 1000])
    })
  })

  test('reading later verifies everything', async () => {
    const report = await streamAgainst({ kind: 'none' }, { engine, size: 30 * mib, readLater: 700 })
    assert.is(report.verdict, 'ok')
    assert.is(report.verified, 30 * mib)
    assert.ok(report.elapsed >= 700)
  })

  test('a wrong byte is found after reading later, too', async () => {
    const report = await streamAgainst({ kind: 'flip', at, span: 1 }, { engine, readLater: 300 })
    assert.is(report.failures[0]?.mismatch?.offset, at)
  })

  test('a rate limit is kept, and a drained stream is verified whole', async () => {
    await withServer({ kind: 'none' }, async ({ port }) => {
      const run = await startStream(port, { engine, size: 0, connections: 3, rateLimit: 100_000 })
      const { sent, elapsed, each } = await until(run, progress => progress.elapsed > 700)
      assert.ok(sent <= (3 * 100_000 * elapsed) / 1000, `${sent} bytes in ${elapsed} ms`)
      assert.ok(sent > (3 * 100_000 * elapsed) / 3000, `${sent} bytes in ${elapsed} ms`)
      assert.equal(
        each?.map(({ connection }) => connection),
        [0, 1, 2]
      )
      const report = await run.stop({ drain: true })
      assert.is(report.verdict, 'ok')
      assert.is(report.verified, report.sent)
      assert.is(report.connections.completed, 3)
      assert.is(report.stalls.count, 0)
    })
  })

  test('a duration ends the sending, and everything is verified', async () => {
    const report = await streamAgainst({ kind: 'none' }, { engine, size: 0, duration: 400 })
    assert.is(report.verdict, 'ok')
    assert.ok(report.sent > 0)
    assert.is(report.verified, report.sent)
    assert.ok(report.elapsed >= 400)
  })

  test('stopping in the middle gives the report so far', async () => {
    await withServer({ kind: 'none' }, async ({ port }) => {
      const run = await startStream(port, { engine, size: 2 ** 40 })
      await until(run, ({ verified }) => verified > mib)
      const report = await run.stop()
      assert.is(report.verdict, 'stopped')
      assert.ok(report.verified > mib)
      assert.is(report.connections.open, 0)
      assert.is((await run.progress()).connections.open, 0)
      assert.is((await run.stop({ drain: true })).verdict, 'stopped')
    })
  })

  test('a wrong byte is reported even where the run is stopped before the next ones came', async () => {
    await withServer({ kind: 'zero', at: 999, span: 1 }, async ({ port }) => {
      const run = await startStream(port, { engine, size: 1000, noRead: true, hold: true })
      await until(run, ({ sent }) => sent === 1000)
      run.startReading()
      await until(run, ({ received }) => received === 1000)
      const report = await run.stop()
      assert.is(report.verdict, 'wrong bytes')
      assert.is(report.failures[0]?.mismatch?.offset, 999)
      assert.is(report.failures.length, 1)
      assert.is(report.connections.failed, 1)
    })
  })

  test('IPv6', async () => {
    const report = await withServer(
      { kind: 'none' },
      async ({ port }) => (await startStream(port, { engine, targets: [{ host: '::1', port }] })).report,
      '::1'
    )
    assert.is(report.verdict, 'ok')
  })

  test('progress is told', async () => {
    await withServer({ kind: 'none' }, async ({ port }) => {
      const told: Progress[] = []
      const targets = [local(port)]
      const run = await startLoad(
        { workload: 'stream', targets, seed: 1, engine, duration: 1_000, rateLimit: mib },
        { onProgress: progress => told.push(progress), progressInterval: 250 }
      )
      const report = await run.report
      assert.ok(told.length >= 3, `${told.length}`)
      assert.is(told.at(-1)?.verified, report.verified)
      assert.ok((told[1]?.done as number) > (told[0]?.done as number))
      for (const { sent, verified } of told) assert.ok(sent >= verified)
    })
  })

  test.run()
}
