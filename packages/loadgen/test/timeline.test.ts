import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Timeline } from '../src/thread/timeline.js'

const test = suite('timeline')

test('what is due in the measured time is measured, its end not included', () => {
  const timeline = new Timeline(1000, () => {})
  assert.is(timeline.measures(5), false, 'before anybody knows when')
  timeline.measuredFrom = 10
  timeline.measuredUntil = 20
  assert.equal(
    [9, 10, 19, 20, 21].map(at => timeline.measures(at)),
    [false, true, true, false, false]
  )
})

test('a run that ends in its warm-up measures nothing', () => {
  const timeline = new Timeline(1000, () => {})
  timeline.start(0)
  timeline.enter('warmup', 1)
  timeline.measuredFrom = 100
  timeline.enter('drain', 50)
  assert.equal(
    [49, 50, 75, 100, 101].map(at => timeline.measures(at)),
    [false, false, false, false, false]
  )
})

test.run()
