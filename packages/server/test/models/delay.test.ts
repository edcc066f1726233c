import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { measure, predictions } from './delay-table.js'

const test = suite('what work costs in each model', { timeLimit: 60_000 })

/** Milliseconds for each message. */
const delay = 80

for (const { model, turns } of predictions) {
  test(`${model.name}: ${turns} times the work of one message`, async () => {
    const measured = await measure(model, delay)
    // A timer may come a millisecond early for each time.
    assert.ok(measured >= turns * (delay - 1), `${measured} ms: faster than it can be`)
    // What would be twice as much, or more, would be another model.
    assert.ok(measured < turns * delay * 2 + 2000, `${measured} ms`)
  })
}

test.run()
