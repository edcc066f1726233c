import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { memoryOf } from '../src/measurement/server-cost.js'
import type { ServerSample } from '../src/report.js'
import { mostSamples, ServerSamples } from '../src/run/server-samples.js'

const test = suite('samples of the server')

interface Step {
  readonly time: number
  readonly busy: number
  readonly pss: number | undefined
  readonly rss: number
  readonly threads: number
}

/** What a monitor tells of a server that behaves so. */
function samplesOf(steps: readonly Step[]): ServerSample[] {
  let [at, cpuSeconds] = [0, 0]
  return steps.map(({ time, busy, pss, rss, threads }, index) => {
    if (index > 0) {
      at += time
      cpuSeconds += (busy * time) / 1000
    }
    const memory = pss === undefined ? { rss } : { rss, pss }
    return { at, cpuPercent: index === 0 ? 0 : busy * 100, cpuSeconds, threads, ...memory }
  })
}

const steps = fc.array(
  fc.record({
    time: fc.integer({ min: 1, max: 2_000 }),
    busy: fc.double({ min: 0, max: 8, noNaN: true }),
    pss: fc.option(fc.integer({ min: 1, max: 1e9 }), { nil: undefined }),
    rss: fc.integer({ min: 1, max: 1e9 }),
    threads: fc.integer({ min: 1, max: 64 }),
  }),
  { minLength: 1, maxLength: 400 }
)

function kept(all: readonly ServerSample[], most?: number): readonly ServerSample[] {
  const samples = new ServerSamples(most)
  for (const sample of all) samples.add(sample)
  return samples.list
}

const highest = (samples: readonly ServerSample[], figure: (sample: ServerSample) => number) =>
  samples.reduce((most, sample) => Math.max(most, figure(sample)), 0)

test('however many there are, so many are kept: with the first, the end, the peaks and the CPU time', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 2, max: 50 }), (course, most) => {
      const all = samplesOf(course)
      const few = kept(all, most)
      assert.ok(few.length <= most, `${few.length} of at most ${most}`)
      assert.ok(few.length >= Math.min(all.length, most / 2), `only ${few.length} of ${all.length}`)
      assert.equal(few[0], all[0])
      assert.is(few.at(-1)?.at, all.at(-1)?.at)
      assert.is(highest(few, memoryOf), highest(all, memoryOf))
      assert.is(
        highest(few, ({ threads }) => threads),
        highest(all, ({ threads }) => threads)
      )
      for (const [index, { at, cpuSeconds, cpuPercent }] of few.entries()) {
        assert.is(all.find(sample => sample.at === at)?.cpuSeconds, cpuSeconds)
        const before = few[index - 1]
        if (before === undefined) continue
        assert.ok(at > before.at)
        const percent = ((cpuSeconds - before.cpuSeconds) * 100_000) / (at - before.at)
        assert.ok(Math.abs(cpuPercent - percent) < 1e-6, `${cpuPercent} % where the CPU time says ${percent} %`)
      }
    })
  )
})

test('what a report can show is kept as it is, and of a day at two in a second no more than that', () => {
  const day = 24 * 60 * 60 * 2
  const all = samplesOf(
    Array.from({ length: day }, (_, at) => ({ time: 500, busy: 0.5, pss: 1e6 + at, rss: 2e6, threads: 2 }))
  )
  assert.equal(kept(all.slice(0, mostSamples)), all.slice(0, mostSamples))
  const few = kept(all)
  assert.ok(few.length <= mostSamples && few.length > mostSamples / 2, `${few.length}`)
  // Evenly: none but the last stands for less than the others.
  const lengths = new Set(few.slice(1, -1).map(({ at }, index) => at - (few[index] as ServerSample).at))
  assert.is(lengths.size, 1)
})

test.run()
