import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { LatencyRecorder, type LatencySummary } from '../src/measurement/latency-recorder.js'

const test = suite('latency recorder')

/** Microseconds, from less than one to hours. */
const latency = fc.oneof(
  fc.double({ min: 0, max: 100, noNaN: true }),
  fc.double({ min: 0, max: 1e6, noNaN: true }),
  fc.double({ min: 0, max: 1e10, noNaN: true })
)
const latencies = fc.array(latency, { minLength: 1, maxLength: 200 })

function recorderOf(values: readonly number[]): LatencyRecorder {
  const recorder = new LatencyRecorder()
  for (const value of values) recorder.record(value)
  return recorder
}

/** The smallest value that at least `percent` of all do not exceed, in milliseconds. */
function exactPercentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length))
  return (sorted[rank - 1] as number) / 1000
}

/** A nanosecond of rounding, and a thousandth of the value. */
const isNear = (actual: number, exact: number) => Math.abs(actual - exact) <= 1.1e-6 + exact / 1000

test('every figure lies within a thousandth of the true one', () => {
  fc.assert(
    fc.property(latencies, values => {
      const summary = recorderOf(values).summary()
      const mean = values.reduce((sum, value) => sum + value / 1000, 0) / values.length
      assert.is(summary.count, values.length)
      for (const [actual, percent] of [
        [summary.min, 0],
        [summary.p50, 50],
        [summary.p90, 90],
        [summary.p99, 99],
        [summary.p999, 99.9],
        [summary.p9999, 99.99],
        [summary.max, 100],
      ] as const) {
        const exact = exactPercentile(values, percent)
        assert.ok(isNear(actual, exact), `p${percent}: ${actual} instead of ${exact}`)
      }
      assert.ok(isNear(summary.mean, mean), `mean ${summary.mean} instead of ${mean}`)
    })
  )
})

test('merging is exact, however the latencies were dealt out', () => {
  fc.assert(
    fc.property(fc.array(latencies, { minLength: 1, maxLength: 4 }), parts => {
      const merged = new LatencyRecorder()
      for (const part of parts) merged.merge(recorderOf(part).encode())
      const single = recorderOf(parts.flat())
      assert.equal(merged.summary(), single.summary())
      assert.is(merged.encode(), single.encode())
    })
  )
})

/** Mean and standard deviation are those of the latencies themselves in the one, of the histogram's steps in the other. */
function isSame(exact: LatencySummary, stepped: LatencySummary): void {
  const { mean, standardDeviation, ...figures } = exact
  const { mean: steppedMean, standardDeviation: steppedDeviation, ...steppedFigures } = stepped
  assert.equal(figures, steppedFigures)
  assert.ok(isNear(steppedMean, mean), `mean ${steppedMean} instead of ${mean}`)
  assert.ok(
    Math.abs(steppedDeviation - standardDeviation) <= 1.1e-6 + stepped.max / 1000,
    `standard deviation ${steppedDeviation} instead of ${standardDeviation}`
  )
}

test('intervals lose nothing and count nothing twice', () => {
  fc.assert(
    fc.property(fc.array(fc.array(latency, { maxLength: 50 }), { maxLength: 5 }), parts => {
      const recorder = new LatencyRecorder()
      for (const part of parts) {
        for (const value of part) recorder.record(value)
        isSame(recorder.takeInterval(), recorderOf(part).summary())
      }
      assert.equal(recorder.summary(), recorderOf(parts.flat()).summary())
      assert.is(recorder.count, parts.flat().length)
    })
  )
})

test('no latencies: every figure is 0', () => {
  assert.equal(new Set(Object.values(new LatencyRecorder().summary())), new Set([0]))
})

test('a histogram that is none, a latency that is none', () => {
  const recorder = recorderOf([5])
  for (const wrong of ['', 'nonsense', 'AAAA', `HIST${'A'.repeat(200)}`]) {
    assert.throws(
      () => recorder.merge(wrong),
      (error: unknown) => error instanceof RangeError
    )
  }
  assert.throws(() => recorder.record(-1), /-1 is not a latency/)
  assert.throws(() => recorder.record(Number.NaN), /NaN is not a latency/)
  assert.is(recorder.count, 1)
})

test('more than a day counts as a day', () => {
  const { count, max } = recorderOf([1e15]).summary()
  assert.is(count, 1)
  assert.ok(isNear(max, 86_400_000))
})

test('the percentile table has milliseconds', () => {
  const table = recorderOf([1015, 1015, 1015, 5001]).percentileTable()
  assert.match(table, /^ +Value +Percentile +TotalCount +1\/\(1-Percentile\)$/m)
  assert.match(table, /^ +1\.015 0\.50+ +3 /m)
  assert.match(table, /^ +5\.00\d 1\.0+ +4/m)
  assert.match(table, /^#\[Max += {2,}5\.00\d, Total count += {2,}4\]$/m)
})

test.run()
