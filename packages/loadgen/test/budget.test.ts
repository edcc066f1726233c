import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Budget } from '../src/pacing/budget.js'

const test = suite('budget')

test('lets as many messages begin as it was given, however many do not count', () => {
  fc.assert(
    fc.property(fc.nat(50), fc.array(fc.boolean(), { maxLength: 200 }), (requests, messages) => {
      const budget = new Budget({ requests, bytes: Number.POSITIVE_INFINITY })
      let left = requests
      for (const counts of messages) {
        assert.is(budget.take(100, counts), !counts || left > 0)
        if (counts && left > 0) left--
        assert.is(budget.exhausted, left === 0)
      }
    })
  )
})

test('the last message may exceed the bytes', () => {
  const budget = new Budget({ requests: Number.POSITIVE_INFINITY, bytes: 250 })
  assert.equal(
    [true, false, true, true, true].map(counts => budget.take(100, counts)),
    [true, true, true, true, false]
  )
})

test.run()
