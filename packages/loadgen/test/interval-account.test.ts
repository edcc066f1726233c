import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { LatencyRecorder, type LatencySummary } from '../src/measurement/latency-recorder.js'
import type { Interval, Phase } from '../src/report.js'
import { IntervalAccount } from '../src/run/interval-account.js'
import type { LoadEvent } from '../src/thread/protocol.js'

const test = suite('intervals of several threads')

type Entry = Extract<LoadEvent, { kind: 'samples' | 'interval' }>

/** What a thread tells of one interval: its samples, then its counts. */
function told(phase: Phase, slot: number, start: number, end: number, latencies: readonly number[]): Entry[] {
  return [
    { kind: 'samples', of: 'fromSend', kept: phase === 'measured', values: Float32Array.from(latencies) },
    {
      kind: 'interval',
      slot,
      cpu: 1,
      counts: {
        phase,
        start,
        end,
        sent: 64 * latencies.length,
        verified: 64 * latencies.length,
        messages: latencies.length,
        established: 1,
        ended: 0,
        open: slot + 1,
        failures: { reset: 1 },
      },
    },
  ]
}

const latencies = fc.array(fc.integer({ min: 1, max: 5_000_000 }), { minLength: 1, maxLength: 30 })

test('whatever the order in which threads tell, intervals and histograms are those of one thread', () => {
  const threads = fc.array(fc.tuple(latencies, latencies, latencies, latencies), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(threads, fc.infiniteStream(fc.nat()), (perThread, choices) => {
      const queues = perThread.map(([warmup, first, second, third]) => [
        ...told('warmup', 0, 0, 100, warmup),
        ...told('measured', 0, 100, 200, first),
        ...told('measured', 1, 200, 300, second),
        ...told('measured', 2, 300, 350, third),
      ])
      const seen: Interval[] = []
      const account = new IntervalAccount(perThread.length, interval => seen.push(interval))
      // Any interleaving that keeps the order of each thread.
      while (queues.some(queue => queue.length > 0)) {
        const open = queues.flatMap((queue, thread) => (queue.length > 0 ? [thread] : []))
        const thread = open[(choices.next().value as number) % open.length] as number
        account.take(thread, (queues[thread] as Entry[]).shift() as Entry)
      }
      for (const thread of perThread.keys()) account.end(thread)
      assert.equal(account.intervals, seen)
      assert.equal(
        seen.map(({ phase, start, end }) => [phase, start, end]),
        [
          ['warmup', 0, 100],
          ['measured', 100, 200],
          ['measured', 200, 300],
          ['measured', 300, 350],
        ]
      )
      for (const at of [0, 1, 2, 3] as const) {
        const all = perThread.flatMap(parts => parts[at])
        const recorder = new LatencyRecorder()
        for (const latency of all) recorder.record(latency)
        assert.is(seen[at]?.messages, all.length)
        assert.equal(rounded(seen[at]?.fromSend), rounded(recorder.takeInterval()))
        assert.equal(seen[at]?.failures, { reset: perThread.length })
      }
      const measured = perThread.flatMap(([, first, second, third]) => [...first, ...second, ...third])
      const recorder = new LatencyRecorder()
      for (const latency of measured) recorder.record(latency)
      const merged = new LatencyRecorder()
      merged.merge(account.latency.recorded().fromSend as string)
      assert.equal(merged.summary(), recorder.summary())
      assert.is(account.measured.messages, measured.length)
      assert.is(account.measured.elapsed, 250)
    }),
    { numRuns: 20 }
  )
})

/** To nanoseconds: the order of additions changes the last digits of a mean. */
function rounded(summary: LatencySummary | undefined): Record<string, number> {
  return Object.fromEntries(Object.entries(summary ?? {}).map(([name, figure]) => [name, Math.round(figure * 1e6)]))
}

test('a thread that has ended, or that skipped an interval, is not waited for', () => {
  const seen: Interval[] = []
  const account = new IntervalAccount(2, interval => seen.push(interval))
  for (const entry of told('measured', 0, 0, 100, [1, 2])) account.take(0, entry)
  assert.is(seen.length, 0)
  account.end(1)
  assert.is(seen.length, 1)

  const skipping = new IntervalAccount(2, interval => seen.push(interval))
  const regular = [
    told('measured', 0, 0, 100, [1]),
    told('measured', 1, 100, 200, [1]),
    told('measured', 2, 200, 300, [1]),
  ]
  for (const entry of regular.flat()) skipping.take(0, entry)
  for (const entry of told('measured', 2, 0, 310, [5, 6, 7])) skipping.take(1, entry)
  assert.equal(
    skipping.intervals.map(({ messages }) => messages),
    [1, 1, 4]
  )
})

test.run()
