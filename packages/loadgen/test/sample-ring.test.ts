import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { LatencyAccount } from '../src/run/latency-account.js'
import { SampleReader } from '../src/run/sample-reader.js'
import type { Samples } from '../src/thread/protocol.js'
import { ofSampleCode, positions, ringCapacity, SampleEntries, SampleRing } from '../src/thread/sample-ring.js'
import { SampleWriter } from '../src/thread/sample-writer.js'

const test = suite('samples between threads')

interface Sample {
  readonly kind: string
  readonly kept: boolean
  readonly latency: number
}

/** A ring whose positions begin at `start`, with what was taken out of it and what was spilt, decoded. */
function withRing(start: number) {
  const memory = SampleRing.allocate()
  const ring = new SampleRing(memory)
  ring.written = start
  ring.read = start
  const spilt: Sample[] = []
  const taken: Sample[] = []
  const decode = (code: number, microseconds: number): Sample => ({
    ...ofSampleCode(code),
    latency: Math.round(microseconds) / 1000,
  })
  const writer = new SampleWriter(memory, ({ entries: memory }: Samples) => {
    const entries = new SampleEntries(memory)
    for (let index = 0; index < entries.length; index++)
      spilt.push(decode(entries.codeAt(index), entries.microsecondsAt(index)))
  })
  const reader = new SampleReader(memory)
  const collect = () => reader.collect((code, microseconds) => taken.push(decode(code, microseconds)))
  return { writer, reader, collect, taken, spilt }
}

const adders = {
  fromDue: 'addFromDue',
  fromSend: 'addFromSend',
  connect: 'addConnect',
  get: 'addGet',
  set: 'addSet',
} as const

const sample = fc.record({
  kind: fc.constantFrom(...(Object.keys(adders) as (keyof typeof adders)[])),
  kept: fc.boolean(),
  latency: fc.integer({ min: 0, max: 100_000 }).map(number => number / 1000),
})

test('each sample is taken once, in its own interval, whenever the reader looks', () => {
  const step = fc.oneof({ weight: 20, arbitrary: sample }, fc.constantFrom('collect' as const, 'end' as const))
  const start = fc.constantFrom(0, ringCapacity - 3, positions - 3)
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 300 }), (start, steps) => {
      const { writer, reader, collect, taken, spilt } = withRing(start)
      const intervals: Sample[][] = [[]]
      for (const step of steps) {
        if (step === 'collect') collect()
        else if (step === 'end') {
          writer.endInterval()
          intervals.push([])
        } else {
          writer[adders[step.kind]](step.kept, step.latency)
          intervals.at(-1)?.push({ ...step })
        }
      }
      writer.endInterval()
      for (const interval of intervals) {
        collect()
        assert.equal(taken.splice(0), interval)
        reader.completeInterval()
      }
      assert.equal(spilt, [])
    })
  )
})

test('what has not been published is not taken, and is after it was', () => {
  const { writer, collect, taken } = withRing(0)
  writer.addFromSend(true, 1)
  collect()
  assert.is(taken.length, 0)
  writer.publish()
  collect()
  assert.is(taken.length, 1)
})

test('what finds the ring full is sent as a message, before its interval ends, and nothing is lost', () => {
  const { writer, reader, collect, taken, spilt } = withRing(positions - 5)
  const many = ringCapacity + 20_000
  for (let number = 0; number < many; number++) writer.addFromSend(true, number / 1000)
  writer.endInterval()
  collect()
  assert.is(taken.length, ringCapacity)
  assert.equal(
    [...taken, ...spilt].map(({ latency }) => Math.round(1000 * latency)),
    Array.from({ length: many }, (_, number) => number)
  )
  // There is room again.
  reader.completeInterval()
  writer.addFromSend(true, 1)
  writer.endInterval()
  collect()
  assert.is(taken.length, ringCapacity + 1)
  assert.is(spilt.length, 20_000)
})

test('a spilt sample is recorded as what it is', () => {
  const account = new LatencyAccount()
  const memory = SampleRing.allocate()
  const writer = new SampleWriter(memory, samples => account.recordAll(samples))
  for (let number = 0; number < ringCapacity; number++) writer.addFromSend(true, 1)
  writer.addFromSend(true, 7)
  writer.addGet(false, 9)
  writer.endInterval()
  const { fromSend, get } = account.takeInterval()
  assert.is(fromSend?.count, 1)
  assert.is(Math.round(fromSend?.max ?? 0), 7)
  assert.is(get?.count, 1)
  assert.equal(Object.keys(account.recorded()), ['fromSend'])
})

test('a thread that writes while another one reads: every sample comes once, in order', async () => {
  const memory = SampleRing.allocate()
  const total = 3 * ringCapacity
  const worker = new Worker(new URL('./fixtures/sample-writing-thread.js', import.meta.url), {
    workerData: { memory, total },
  })
  const ended = new Promise((resolve, reject) => worker.once('error', reject).once('exit', resolve))
  const reader = new SampleReader(memory)
  let next = 0
  try {
    for (const until = Date.now() + 10_000; next < total && Date.now() < until; ) {
      reader.collect((_, microseconds) => {
        if (microseconds !== next) throw new Error(`sample ${next} was ${microseconds}`)
        next++
      })
    }
  } finally {
    await ended
  }
  assert.is(next, total)
})

test.run()
