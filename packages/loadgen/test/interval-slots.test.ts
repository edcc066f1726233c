import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { endOfSlot, slotAt } from '../src/thread/interval-slots.js'

const test = suite('interval slots')

const day = 86_400_000

test('half an hour of seconds, then of longer and longer intervals', () => {
  assert.is(slotAt(0, 1_000), 0)
  assert.is(slotAt(999, 1_000), 0)
  assert.is(slotAt(1_000, 1_000), 1)
  assert.is(endOfSlot(1_799, 1_000), 1_800_000)
  assert.is(endOfSlot(1_800, 1_000), 1_802_000)
  assert.is(endOfSlot(3_600, 1_000), 5_404_000)
})

test('every moment lies in the slot that ends next, and slots follow each other', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 30 * day }), fc.integer({ min: 10, max: 60_000 }), (elapsed, interval) => {
      const slot = slotAt(elapsed, interval)
      assert.ok(endOfSlot(slot, interval) > elapsed)
      assert.ok(slot === 0 || endOfSlot(slot - 1, interval) <= elapsed)
    })
  )
})

test('a month of seconds is a report that fits', () => {
  assert.ok(slotAt(30 * day, 1_000) < 20_000)
})

test.run()
