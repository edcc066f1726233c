import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { compareRounds, fewestRounds, medianInterval, sideOf, summarise } from '../src/statistics.js'

const test = suite('statistics')

const value = fc.double({ min: 1e-3, max: 1e9, noNaN: true })
const values = fc.array(value, { minLength: 1, maxLength: 30 })
const rounds = fc.array(fc.tuple(value, value), { minLength: fewestRounds, maxLength: 30 })

test('the summary lies within the values, in order', () => {
  fc.assert(
    fc.property(values, all => {
      const { minimum, median, maximum, spread } = summarise(all)
      assert.ok(minimum <= median && median <= maximum)
      assert.ok(all.includes(minimum) && all.includes(maximum))
      assert.ok(Math.abs(spread * median - (maximum - minimum)) <= 1e-9 * maximum)
      const below = all.filter(each => each < median).length
      const above = all.filter(each => each > median).length
      assert.ok(below <= all.length / 2 && above <= all.length / 2)
    })
  )
})

test('nothing cannot be summarised', () => {
  assert.throws(() => summarise([]), /no values/)
})

test('the order of the values does not matter', () => {
  fc.assert(
    fc.property(values, all => {
      assert.equal(summarise(all.toReversed()), summarise(all))
      assert.equal(medianInterval(all.toReversed()), medianInterval(all))
    })
  )
})

test('an interval needs six values, holds the median, and names values', () => {
  fc.assert(
    fc.property(values, all => {
      const interval = medianInterval(all)
      assert.is(interval === undefined, all.length < fewestRounds)
      if (interval === undefined) return
      const { median } = summarise(all)
      assert.ok(interval.low <= median && median <= interval.high)
      assert.ok(all.includes(interval.low) && all.includes(interval.high))
    })
  )
})

// The table of the sign test, as statistics books have it for 95 %.
const ranks: readonly (readonly [count: number, rank: number])[] = [
  [6, 1],
  [8, 1],
  [9, 2],
  [11, 2],
  [12, 3],
  [15, 4],
  [20, 6],
  [25, 8],
]
for (const [count, rank] of ranks) {
  test(`of ${count} values the interval leaves out ${rank - 1} on each side`, () => {
    const all = Array.from({ length: count }, (_, index) => index + 1)
    assert.equal(medianInterval(all), { low: rank, high: count + 1 - rank })
  })
}

test('the interval holds the true median at least 95 times in 100', () => {
  let state = 1
  const random = () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
  for (const count of [6, 7, 9, 12]) {
    let held = 0
    const trials = 4_000
    for (let trial = 0; trial < trials; trial++) {
      // Skewed on purpose; its median is 1.
      const sample = Array.from({ length: count }, () => -Math.log2(random()))
      const interval = medianInterval(sample)
      if (interval !== undefined && interval.low <= 1 && 1 <= interval.high) held++
    }
    assert.ok(held / trials > 0.94, `${count} values: held in ${held} of ${trials}`)
  }
})

test('a ratio and its reverse agree', () => {
  fc.assert(
    fc.property(rounds, pairs => {
      const [left, right] = [pairs.map(([each]) => each), pairs.map(([, each]) => each)]
      const there = compareRounds(left, right, 'ratio')
      const back = compareRounds(right, left, 'ratio')
      assert.ok(there?.interval && back?.interval)
      assert.ok(close(there.interval.low, 1 / back.interval.high))
      assert.ok(close(there.interval.high, 1 / back.interval.low))
      assert.is(sideOf(there) + sideOf(back), 0)
    })
  )
})

test('a difference and its reverse agree, and are carried alike', () => {
  fc.assert(
    fc.property(rounds, pairs => {
      const [left, right] = [pairs.map(([each]) => each), pairs.map(([, each]) => each)]
      const there = compareRounds(left, right, 'difference')
      const back = compareRounds(right, left, 'difference')
      assert.ok(there?.interval && back?.interval)
      assert.ok(close(there.median, -back.median) && close(there.interval.low, -back.interval.high))
      assert.is(sideOf(there) + sideOf(back), 0)
      assert.is(there.carried, back.carried)
    })
  )
})

test('a difference is carried when all rounds that count are on one side', () => {
  const reference = [50, 50, 0, 50, 50, 50]
  assert.equal(compareRounds([60, 61, 12, 60, 59, 62], reference, 'difference'), {
    ...{ kind: 'difference', median: 10.5, interval: { low: 9, high: 12 }, carried: 'yes' },
  })
  assert.is(compareRounds([60, 61, 0, 60, 59, 62], reference, 'difference')?.carried, 'noise')
})

test('what disturbs a whole round drops out', () => {
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 6, maxLength: 12 }),
      fc.double({ min: 0.1, max: 10, noNaN: true }),
      (base, factor) => {
        const ratio = compareRounds(
          base.map(each => each * factor),
          base,
          'ratio'
        )
        assert.ok(ratio && close(ratio.median, factor))
        assert.is(ratio.carried, 'yes')
      }
    )
  )
})

test('rounds that do not agree carry no ratio', () => {
  const reference = [100, 100, 100, 100, 100, 100, 100]
  assert.is(compareRounds([130, 131, 129, 90, 130, 132, 128], reference, 'ratio')?.carried, 'noise')
  assert.is(compareRounds([130, 131, 129, 101, 130, 132, 128], reference, 'ratio')?.carried, 'yes')
})

test('rounds that agree on no difference carry a ratio of about 1', () => {
  const reference = [100, 100, 100, 100, 100, 100]
  assert.is(compareRounds([101, 99, 103, 97, 100, 102], reference, 'ratio')?.carried, 'yes')
  assert.is(compareRounds([101, 99, 106, 97, 100, 102], reference, 'ratio')?.carried, 'noise')
})

test('few rounds carry nothing, however clear', () => {
  const ratio = compareRounds([300, 301, 299, 300, 300], [100, 100, 100, 100, 100], 'ratio')
  assert.is(ratio?.carried, 'too few rounds')
  assert.is(ratio?.median, 3)
})

test('rounds without a partner do not count', () => {
  assert.is(compareRounds([2, undefined, 4], [1, 1, undefined], 'ratio')?.median, 2)
  assert.is(compareRounds([2], [0], 'ratio'), undefined)
  assert.is(compareRounds([], [], 'ratio'), undefined)
})

function close(left: number, right: number): boolean {
  return Math.abs(left - right) <= 1e-9 * Math.max(Math.abs(left), Math.abs(right))
}

test.run()
