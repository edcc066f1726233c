import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { LatencyRecorder, type LatencySummary } from '../src/measurement/latency-recorder.js'
import type { Interval, Phase } from '../src/report.js'
import { IntervalAccount } from '../src/run/interval-account.js'
import type { ThreadInterval } from '../src/thread/protocol.js'
import { SampleRing } from '../src/thread/sample-ring.js'
import { SampleWriter } from '../src/thread/sample-writer.js'

const test = suite('intervals of several threads')

/** A load thread as the account sees it. */
class Thread {
  readonly ring = SampleRing.allocate()
  readonly #number: number
  readonly #writer: SampleWriter
  #account!: IntervalAccount

  constructor(number: number) {
    this.#number = number
    this.#writer = new SampleWriter(this.ring, samples => this.#account.take(this.#number, samples))
  }

  reportTo(account: IntervalAccount): this {
    this.#account = account
    return this
  }

  /** What it does in an interval, step by step: it stores its samples, and tells its counts at the end. */
  interval(phase: Phase, slot: number, start: number, end: number, latencies: readonly number[]): (() => void)[] {
    const store = (some: readonly number[]) => () => {
      for (const latency of some) this.#writer.addFromSend(phase === 'measured', latency / 1000)
      this.#writer.publish()
    }
    const tell = () => {
      this.#writer.endInterval()
      this.#account.take(this.#number, counted(phase, slot, start, end, latencies.length))
    }
    const half = latencies.length >> 1
    return [store(latencies.slice(0, half)), store(latencies.slice(half)), tell]
  }
}

function counted(phase: Phase, slot: number, start: number, end: number, messages: number): ThreadInterval {
  return {
    kind: 'interval',
    slot,
    cpu: 1,
    counts: {
      phase,
      start,
      end,
      sent: 64 * messages,
      verified: 64 * messages,
      messages,
      established: 1,
      ended: 0,
      open: slot + 1,
      failures: { reset: 1 },
    },
  }
}

function withThreads(count: number, onInterval: (interval: Interval) => void) {
  const threads = Array.from({ length: count }, (_, number) => new Thread(number))
  const account = new IntervalAccount(
    threads.map(({ ring }) => ring),
    onInterval
  )
  return { account, threads: threads.map(thread => thread.reportTo(account)) }
}

const latencies = fc.array(fc.integer({ min: 1, max: 5_000_000 }), { minLength: 1, maxLength: 30 })

test('whatever the order in which threads tell, intervals and histograms are those of one thread', () => {
  const threads = fc.array(fc.tuple(latencies, latencies, latencies, latencies), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(threads, fc.infiniteStream(fc.nat()), (perThread, choices) => {
      const seen: Interval[] = []
      const { account, threads } = withThreads(perThread.length, interval => seen.push(interval))
      const queues = perThread.map(([warmup, first, second, third], number) => {
        const thread = threads[number] as Thread
        return [
          ...thread.interval('warmup', 0, 0, 100, warmup),
          ...thread.interval('measured', 0, 100, 200, first),
          ...thread.interval('measured', 1, 200, 300, second),
          ...thread.interval('measured', 2, 300, 350, third),
        ]
      })
      // Any interleaving that keeps the order of each thread, and the main thread looks whenever it likes.
      while (queues.some(queue => queue.length > 0)) {
        const open = queues.flatMap((queue, thread) => (queue.length > 0 ? [thread] : []))
        const thread = open[(choices.next().value as number) % open.length] as number
        ;(queues[thread] as (() => void)[]).shift()?.()
        if ((choices.next().value as number) % 2 === 0) account.collect()
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
  const { account, threads: both } = withThreads(2, interval => seen.push(interval))
  const [one] = both as [Thread, Thread]
  for (const step of one.interval('measured', 0, 0, 100, [1, 2])) step()
  assert.is(seen.length, 0)
  account.end(1)
  assert.is(seen.length, 1)

  const { account: skipping, threads } = withThreads(2, interval => seen.push(interval))
  const [regular, late] = threads as [Thread, Thread]
  for (const slot of [0, 1, 2]) {
    for (const step of regular.interval('measured', slot, 100 * slot, 100 * slot + 100, [1])) step()
  }
  for (const step of late.interval('measured', 2, 0, 310, [5, 6, 7])) step()
  assert.equal(
    skipping.intervals.map(({ messages }) => messages),
    [1, 1, 4]
  )
})

test.run()
