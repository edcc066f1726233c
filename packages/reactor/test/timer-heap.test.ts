import * as fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type TimerEntry, TimerHeap } from '../src/timer-heap.js'

const test = suite('timer heap')

type Step = { kind: 'add'; due: number } | { kind: 'cancel'; which: number } | { kind: 'take'; now: number }

const due = fc.nat(1000)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('add'), due }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cancel'), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('take'), now: fc.nat(200) }) }
)

test('gives what a sorted list gives, whatever is added, cancelled and taken', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), script => {
      const heap = new TimerHeap()
      const everAdded: TimerEntry[] = []
      let waiting: TimerEntry[] = []
      for (const step of script) {
        if (step.kind === 'add') {
          const entry = heap.add(step.due, () => {})
          everAdded.push(entry)
          waiting.push(entry)
        } else if (step.kind === 'cancel' && everAdded.length > 0) {
          // Often one that has fired or was cancelled already: that must change nothing.
          const entry = everAdded[step.which % everAdded.length] as TimerEntry
          heap.cancel(entry)
          waiting = waiting.filter(other => other !== entry)
        } else if (step.kind === 'take') {
          const due = waiting.filter(entry => entry.due <= step.now).map(entry => entry.due)
          const taken: number[] = []
          for (let entry = heap.takeDue(step.now); entry !== undefined; entry = heap.takeDue(step.now)) {
            assert.ok(waiting.includes(entry), 'taken twice, or after it was cancelled')
            waiting = waiting.filter(other => other !== entry)
            taken.push(entry.due)
          }
          assert.equal(
            taken,
            due.sort((a, b) => a - b)
          )
        }
        assert.is(heap.size, waiting.length)
        assert.is(heap.nextDue, Math.min(...waiting.map(entry => entry.due)))
      }
    }),
    { numRuns: 500 }
  )
})

test.run()
