import * as fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { KeySpace } from '../src/kv/key-space.js'
import { shareOf } from '../src/pacing/share.js'

const test = suite('key space', { timeLimit: 30_000 })

test('every key is written by exactly one thread that has a connection to its target', () => {
  const numbers = fc.record({
    ...{ targets: fc.integer({ min: 1, max: 6 }), threads: fc.integer({ min: 1, max: 4 }) },
    ...{ segments: fc.integer({ min: 1, max: 4 }), more: fc.nat(12), keys: fc.integer({ min: 16, max: 60 }) },
  })
  fc.assert(
    fc.property(numbers, fc.nat(), ({ targets, threads, segments, more, keys }, place) => {
      const connections = Math.max(targets, threads * segments) + more
      const owners = new Map<number, number>()
      for (let number = 0; number < threads * segments; number++) {
        const share = shareOf(
          { index: 1 + (number % segments), count: segments },
          Math.floor(number / segments),
          threads
        )
        for (let target = 0; target < targets; target++) {
          const own = Array.from({ length: connections }, (_, each) => each).filter(
            each => each % share.count === share.index && each % targets === target
          )
          if (own.length === 0) continue
          const space = new KeySpace({ keys, target, targets, connections, share })
          for (let ordinal = 0; ordinal < space.own; ordinal++) {
            const key = space.ownKey(ordinal)
            assert.not(owners.has(key), `${key} has two owners`)
            assert.ok(space.isOwn(key))
            owners.set(key, number)
          }
          const near = space.ownNear(place % keys)
          assert.is(owners.get(near), number)
          assert.ok(Math.abs(near - space.first - (place % keys)) < threads * segments)
        }
      }
      assert.equal(
        [...owners.keys()].sort((a, b) => a - b),
        Array.from({ length: keys * targets }, (_, key) => key)
      )
    })
  )
})

test.run()
