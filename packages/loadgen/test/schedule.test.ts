import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Schedule, type ScheduleOptions } from '../src/pacing/schedule.js'
import { portion, shareOf, shareOfSegment } from '../src/pacing/share.js'

const test = suite('schedules and shares')

const whole = { index: 0, count: 1 }

/** The due times of the first `count` events. */
function dues(options: Partial<ScheduleOptions>, count: number): number[] {
  const schedule = new Schedule({
    rate: { from: 1000, to: 1000 },
    arrivals: 'constant',
    warmup: 0,
    duration: 10_000,
    seed: 1,
    share: whole,
    ...options,
  })
  return Array.from({ length: count }, () => {
    const { due } = schedule
    schedule.advance()
    return due
  })
}

const rates = fc.record({ from: fc.integer({ min: 1, max: 200_000 }), to: fc.integer({ min: 1, max: 200_000 }) })
const arrivals = fc.constantFrom('constant' as const, 'poisson' as const)
const shares = fc.record({ segments: fc.integer({ min: 1, max: 5 }), threads: fc.integer({ min: 1, max: 4 }) })

test('a constant rate: event k is due after k / rate seconds', () => {
  assert.equal(dues({ rate: { from: 100, to: 100 } }, 4), [0, 10, 20, 30])
})

test('times never run backwards, whatever the rate does', () => {
  fc.assert(
    fc.property(rates, arrivals, fc.integer({ min: 0, max: 5_000 }), (rate, arrivals, warmup) => {
      const times = dues({ rate, arrivals, warmup }, 300)
      assert.ok(times.every((time, k) => Number.isFinite(time) && time >= (times[k - 1] ?? 0)))
    })
  )
})

test('a ramp: as many events by any time as the integral of the rate says', () => {
  fc.assert(
    fc.property(rates, fc.integer({ min: 100, max: 60_000 }), (rate, duration) => {
      const count = 2_000
      const times = dues({ rate, duration }, count)
      for (const k of [1, 7, 500, count - 1]) {
        const time = times[k] as number
        if (time > duration) continue
        const integral = (rate.from * time) / 1000 + ((rate.to - rate.from) * time * time) / (2000 * duration)
        assert.ok(Math.abs(integral - k) < 1e-6 * k + 1e-6, `${integral} events by the time of number ${k}`)
      }
    })
  )
})

test('a ramp begins after the warm-up, and stays at its end', () => {
  const times = dues({ rate: { from: 10, to: 30 }, warmup: 1_000, duration: 1_000 }, 61)
  // 10 in the warm-up, 20 in the ramp, then 30 a second.
  assert.is(times[10], 1_000)
  assert.ok(Math.abs((times[30] as number) - 2_000) < 1e-6)
  assert.ok(Math.abs((times[60] as number) - 3_000) < 1e-6)
})

test('no two events of a high rate fall into one burst', () => {
  const times = dues({ rate: { from: 100_000, to: 100_000 } }, 10_000)
  for (let k = 1; k < times.length; k++) {
    assert.ok(Math.abs((times[k] as number) - (times[k - 1] as number) - 0.01) < 1e-9)
  }
})

test('Poisson arrivals: mean and variance of the gaps are those of the exponential distribution', () => {
  const times = dues({ arrivals: 'poisson', seed: 7 }, 50_001)
  const gaps = times.slice(1).map((time, k) => time - (times[k] as number))
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length
  assert.ok(Math.abs(mean - 1) < 0.02, `${mean}`)
  assert.ok(Math.abs(variance - 1) < 0.05, `${variance}`)
})

test('the schedules of all shares together are the schedule of the whole', () => {
  fc.assert(
    fc.property(rates, arrivals, shares, fc.integer({ min: 0, max: 500 }), (rate, arrivals, shares, warmup) => {
      const { segments, threads } = shares
      const count = segments * threads
      const options = { rate, arrivals, warmup, seed: 3 }
      const parts = Array.from({ length: count }, (_, at) => {
        const share = shareOf({ index: (at % segments) + 1, count: segments }, Math.floor(at / segments), threads)
        return dues({ ...options, share }, 40)
      })
      const together = parts.flat().sort((one, other) => one - other)
      const expected = dues(options, 40 * count)
      together.forEach((due, k) => {
        assert.ok(Math.abs(due - (expected[k] as number)) < 1e-6 * (due + 1))
      })
    }),
    { numRuns: 50 }
  )
})

test('portions add up to the whole, and differ by one at most', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100_000 }), shares, (total, { segments, threads }) => {
      const bySegment = Array.from({ length: segments }, (_, at) =>
        portion(total, shareOfSegment({ index: at + 1, count: segments }))
      )
      const byThread = Array.from({ length: segments }, (_, at) =>
        Array.from({ length: threads }, (_, thread) =>
          portion(total, shareOf({ index: at + 1, count: segments }, thread, threads))
        )
      )
      assert.is(sum(bySegment), total)
      assert.equal(byThread.map(sum), bySegment)
      assert.ok(Math.max(...byThread.flat()) - Math.min(...byThread.flat()) <= 1)
    })
  )
})

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

test.run()
