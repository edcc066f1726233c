import fc from 'fast-check'
import type { Block, Region } from 'reactor'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { SendSpace } from '../src/thread/send-space.js'

const test = suite('where a thread puts what it sends')

const blockSize = 4096

const allocate = (bytes: number): Region => ({ memory: new Uint8Array(bytes), address: 0 })

interface Held {
  readonly block: Block
  readonly start: number
  readonly length: number
}

test('what somebody still sends is never written to', () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ take: fc.integer({ min: 1, max: blockSize }), keep: fc.boolean() }) },
    { weight: 3, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 64 }), keep: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ release: fc.nat() }) }
  )
  const property = fc.property(fc.array(step, { maxLength: 200 }), steps => {
    const space = new SendSpace(allocate, blockSize)
    const held: Held[] = []
    for (const step of steps) {
      if ('release' in step) {
        held.splice(step.release % Math.max(1, held.length), 1)[0]?.block.release()
        continue
      }
      const taken = { block: space.take(step.take), start: space.start, length: step.take }
      assert.ok(taken.start + taken.length <= taken.block.size)
      for (const { block, start, length } of held) {
        const apart = block !== taken.block || start + length <= taken.start || taken.start + taken.length <= start
        assert.ok(apart, `${taken.length} bytes at ${taken.start} reach into ${length} at ${start}`)
      }
      if (step.keep) {
        taken.block.keep()
        held.push(taken)
      }
    }
  })
  fc.assert(property)
})

test('short messages on their way share a block, and when all have gone the next ones are where they were', () => {
  const space = new SendSpace(allocate, blockSize)
  const blocks = Array.from({ length: blockSize / 64 }, (_, number) => {
    const block = space.take(64)
    assert.is(space.start, number * 64)
    return block.keep()
  })
  assert.is(new Set(blocks).size, 1)
  assert.is.not(space.take(64), blocks[0])
  assert.is(space.arena.leasedBytes, 2 * blockSize)
  for (const block of blocks) block.release()
  assert.is(space.arena.leasedBytes, blockSize)
  space.take(64)
  assert.is(space.start, 0)
})

test.run()
