import * as fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Arena, type Block, RingBuffer } from '../src/index.js'
import { ordinaryRegion } from './ordinary-region.js'

const blockSize = 64
const test = suite('ring buffer')

type Step = { kind: 'push'; bytes: Uint8Array; skip: number } | { kind: 'consume'; percent: number } | { kind: 'clear' }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('push'),
      bytes: fc.uint8Array({ maxLength: 300, size: 'max' }),
      skip: fc.nat(10),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constant('consume'), percent: fc.nat(100) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear') }) }
)

/** Reads everything through the ring's front, as a writer to a socket does, and leaves it empty. */
function drain(ring: RingBuffer): number[] {
  const bytes: number[] = []
  for (let block = ring.front; block !== undefined && ring.length > 0; block = ring.front) {
    const part = block.memory.subarray(ring.frontStart, ring.frontStart + ring.frontLength)
    bytes.push(...part)
    ring.consume(part.length)
  }
  return bytes
}

/** The fewest blocks that may be needed for so many bytes are one for each begun block, and one for the odd start. */
function mostBlocks(bytes: number): number {
  return bytes === 0 ? 0 : Math.ceil(bytes / blockSize) + 1
}

test('behaves as an array of bytes that refuses what exceeds its capacity', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.array(step, { maxLength: 100, size: 'max' }),
      (capacity, script) => {
        const arena = new Arena(ordinaryRegion, blockSize)
        const ring = new RingBuffer(arena, capacity)
        let model: number[] = []
        for (const step of script) {
          if (step.kind === 'push') {
            const start = Math.min(step.skip, step.bytes.length)
            const offered = step.bytes.length - start
            const taken = ring.push(step.bytes, start, offered)
            assert.is(taken, Math.min(offered, capacity - model.length))
            model.push(...step.bytes.subarray(start, start + taken))
          } else if (step.kind === 'consume') {
            const count = Math.floor((step.percent / 100) * model.length)
            ring.consume(count)
            model = model.slice(count)
          } else {
            ring.clear()
            model = []
          }
          assert.is(ring.length, model.length)
          assert.is(ring.room, capacity - model.length)
          assert.ok(arena.leasedBytes <= mostBlocks(model.length) * blockSize, 'holds more blocks than its bytes need')
          if (model.length === 0) assert.is(ring.front, undefined)
          else assert.is(ring.front?.memory[ring.frontStart], model[0])
        }
        assert.equal(drain(ring), model)
        assert.is(arena.leasedBytes, 0)
      }
    )
  )
})

test('never changes bytes that an engine still holds after they were consumed', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.array(step, { maxLength: 100, size: 'max' }),
      (capacity, script) => {
        const arena = new Arena(ordinaryRegion, blockSize)
        const ring = new RingBuffer(arena, capacity)
        const inFlight: { block: Block; start: number; bytes: Buffer }[] = []
        for (const step of script) {
          if (step.kind === 'push') ring.push(step.bytes, 0, step.bytes.length)
          else if (ring.front !== undefined) {
            // As an engine does that accepts a part of what the ring's front offers.
            const count = Math.ceil(ring.frontLength * (step.kind === 'clear' ? 1 : step.percent / 100))
            const [block, start] = [ring.front.keep(), ring.frontStart]
            inFlight.push({ block, start, bytes: Buffer.from(block.memory.subarray(start, start + count)) })
            ring.consume(count)
          }
        }
        for (const { block, start, bytes } of inFlight) {
          assert.is(Buffer.compare(block.memory.subarray(start, start + bytes.length), bytes), 0)
          block.release()
        }
        ring.clear()
        assert.is(arena.leasedBytes, 0)
      }
    )
  )
})

test('refuses to drop more than it holds, and drops nothing then', () => {
  const ring = new RingBuffer(new Arena(ordinaryRegion, blockSize), 100)
  ring.push(Uint8Array.of(1, 2, 3), 0, 3)
  assert.throws(() => ring.consume(4), /consume 4 of 3 bytes/)
  assert.equal(drain(ring), [1, 2, 3])
})

test('needs a capacity of at least one byte', () => {
  const arena = new Arena(ordinaryRegion, blockSize)
  for (const capacity of [0, -1, 1.5, Number.NaN]) assert.throws(() => new RingBuffer(arena, capacity), RangeError)
})

test.run()
