import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { memoryBytes, type Sample, summarise } from '../src/index.js'

const test = suite('summary')

function sample(atMilliseconds: number, figures: Partial<Sample> = {}): Sample {
  return {
    atMilliseconds,
    cpuPercent: 0,
    cpuSeconds: 0,
    rssBytes: 1000,
    pssBytes: 500,
    processes: [],
    threads: 1,
    descriptors: 3,
    voluntarySwitches: 0,
    involuntarySwitches: 0,
    ...figures,
  }
}

test('means CPU by time, not by samples', () => {
  const samples = [
    sample(0),
    sample(100, { cpuPercent: 100, cpuSeconds: 0.1 }),
    sample(1000, { cpuPercent: 0, cpuSeconds: 0.1 }),
  ]
  assert.is(summarise(samples).cpuPercent.mean, 10)
  assert.is(summarise(samples).cpuPercent.max, 100)
})

test('leaves the first sample, which has no past, out of the CPU figures', () => {
  const samples = [sample(0), sample(500, { cpuPercent: 40, cpuSeconds: 0.2 })]
  assert.is(summarise(samples).cpuPercent.min, 40)
})

test('finds the slope of memory that grows evenly', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e6, max: 1e6 }), fc.integer({ min: 3, max: 50 }), (slope, count) => {
      const samples = Array.from({ length: count }, (_, i) => sample(i * 500, { rssBytes: 1e9 + slope * i * 0.5 }))
      assert.ok(Math.abs(summarise(samples).rssBytes.slope - slope) < 1)
    })
  )
})

test('has no PSS when one sample lacks it', () => {
  const samples = [sample(0), sample(500, { pssBytes: undefined })]
  assert.is(summarise(samples).pssBytes, undefined)
  assert.is(memoryBytes(samples[0] as Sample), 500)
  assert.is(memoryBytes(samples[1] as Sample), 1000)
})

test('refuses to sum up nothing', () => {
  assert.throws(() => summarise([]), /no samples/)
})

test.run()
