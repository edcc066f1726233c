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
    unmappedFileBytes: 0,
    processes: [],
    threads: 1,
    descriptors: 3,
    voluntarySwitches: 0,
    involuntarySwitches: 0,
    ...figures,
  }
}

/** Samples of a program that uses so many percent of a core from one moment to the next. */
function course(...steps: [at: number, percent: number][]): Sample[] {
  let [before, cpuSeconds] = [0, 0]
  return steps.map(([at, percent]) => {
    cpuSeconds += ((at - before) / 1000) * (percent / 100)
    before = at
    return sample(at, { cpuPercent: percent, cpuSeconds })
  })
}

test('means CPU by time, not by samples', () => {
  const { cpuPercent, cpuSeconds } = summarise(course([0, 0], [100, 100], [1000, 0]))
  assert.is(cpuPercent.mean, 10)
  assert.is(cpuPercent.max, 100)
  assert.is(cpuSeconds, 0.1)
})

test('leaves the first sample, which has no past, out of the CPU figures', () => {
  assert.is(summarise(course([0, 0], [500, 40])).cpuPercent.min, 40)
})

test('takes no single step of the clock for a peak, wherever the samples lie', () => {
  const { cpuPercent } = summarise(course([0, 0], [500, 10], [501, 1000], [1000, 10], [1002, 500]))
  assert.ok(cpuPercent.max < 15, `at most ${cpuPercent.max} %`)
  assert.ok(summarise(course([0, 0], [2, 500])).cpuPercent.max > 499)
})

test('loses no CPU time between the spans', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 700 }), fc.nat(200)), { minLength: 1 }), steps => {
      let at = 0
      const later = steps.map(([gap, used]): [number, number] => {
        at += gap
        return [at, used]
      })
      const samples = course([0, 0], ...later)
      const { cpuPercent, cpuSeconds, seconds } = summarise(samples)
      assert.ok(cpuPercent.min <= cpuPercent.mean + 1e-6 && cpuPercent.mean <= cpuPercent.max + 1e-6)
      assert.ok(Math.abs((cpuPercent.mean / 100) * seconds - cpuSeconds) < 1e-6)
    })
  )
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
  assert.is(summarise([sample(0), sample(500, { pssBytes: undefined })]).pssBytes, undefined)
})

test('takes for memory PSS, RSS of whose PSS is secret, and unmapped files', () => {
  const open = { pid: 1, name: 'open', cpuPercent: 0, rssBytes: 900, pssBytes: 400 }
  const secret = { pid: 2, name: 'secret', cpuPercent: 0, rssBytes: 70, pssBytes: undefined }
  assert.is(memoryBytes(sample(0)), 500)
  assert.is(memoryBytes(sample(0, { pssBytes: undefined, processes: [open, secret] })), 470)
  assert.is(memoryBytes(sample(0, { unmappedFileBytes: 7 })), 507)
})

test('refuses to sum up nothing', () => {
  assert.throws(() => summarise([]), /no samples/)
})

test.run()
