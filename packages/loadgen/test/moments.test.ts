import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Moments } from '../src/measurement/moments.js'

const test = suite('moments')

const numbers = fc.array(fc.nat({ max: 1_000_000 }), { minLength: 1, maxLength: 200 })

function momentsOf(values: readonly number[]): Moments {
  const moments = new Moments()
  for (const value of values) moments.add(value)
  return moments
}

test('mean and standard deviation are those of the numbers', () => {
  fc.assert(
    fc.property(numbers, values => {
      const { mean, standardDeviation } = momentsOf(values)
      const exactMean = values.reduce((sum, value) => sum + value, 0) / values.length
      const exactVariance = values.reduce((sum, value) => sum + (value - exactMean) ** 2, 0) / values.length
      assert.ok(Math.abs(mean - exactMean) < 1e-6)
      assert.ok(Math.abs(standardDeviation - Math.sqrt(exactVariance)) < 1e-3)
    })
  )
})

test('small differences between large numbers are not lost', () => {
  const day = 86_400_000e6
  const { mean, standardDeviation } = momentsOf([day, day + 4])
  assert.is(mean, day + 2)
  assert.is(standardDeviation, 2)
})

test('of nothing, both are 0', () => {
  const moments = momentsOf([5, 6, 7])
  moments.clear()
  assert.is(moments.mean, 0)
  assert.is(moments.standardDeviation, 0)
  moments.add(3)
  assert.is(moments.mean, 3)
  assert.is(moments.standardDeviation, 0)
})

test.run()
