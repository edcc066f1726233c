import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Zipf } from '../src/kv/zipf.js'

const test = suite("Zipf's law", { timeLimit: 30_000 })

/** Repeatable numbers from 0 up to 1 (mulberry32 is none of the program's own generators). */
function randomFrom(start: number): () => number {
  let state = start
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

for (const exponent of [0.2, 0.99, 1, 1.0000001, 1.5, 4]) {
  for (const count of [1, 2, 10, 1000]) {
    test(`${count} numbers with exponent ${exponent} come as often as they have to`, () => {
      const zipf = new Zipf(count, exponent)
      const draws = 100_000
      const random = randomFrom(count * 7 + exponent * 1000)
      const seen = new Array<number>(count).fill(0)
      for (let draw = 0; draw < draws; draw++) {
        const rank = zipf.sample(random)
        assert.ok(Number.isInteger(rank) && rank >= 0 && rank < count, `${rank}`)
        seen[rank] = (seen[rank] as number) + 1
      }
      const weights = seen.map((_, rank) => (rank + 1) ** -exponent)
      const whole = weights.reduce((sum, weight) => sum + weight, 0)
      // Pearson's chi-squared over the numbers that come often enough; the rest is one class.
      let [squares, classes, restSeen, restWanted] = [0, 0, 0, 0]
      seen.forEach((times, rank) => {
        const wanted = (draws * (weights[rank] as number)) / whole
        if (wanted < 20) {
          restSeen += times
          restWanted += wanted
        } else {
          squares += (times - wanted) ** 2 / wanted
          classes++
        }
      })
      if (restWanted >= 20) {
        squares += (restSeen - restWanted) ** 2 / restWanted
        classes++
      }
      const freedom = Math.max(0, classes - 1)
      assert.ok(squares <= freedom + 5 * Math.sqrt(2 * freedom), `${squares} over ${freedom}`)
    })
  }
}

test('ten million numbers, and the edges of what random gives', () => {
  for (const exponent of [0.01, 0.5, 1, 1.2, 10]) {
    const zipf = new Zipf(10_000_000, exponent)
    // A number that is refused is followed by one that is not.
    for (const edge of [0, 2 ** -53, 0.5, 1 - 2 ** -53]) {
      let calls = 0
      const rank = zipf.sample(() => (calls++ === 0 ? edge : 0.9999))
      assert.ok(rank >= 0 && rank < 10_000_000, `${exponent} ${edge}: ${rank}`)
    }
  }
})

test.run()
