import * as fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Arena, type Block, type Region } from '../src/index.js'
import { ordinaryRegion } from './ordinary-region.js'

const blockSize = 512 * 1024
const blocksPerRegion = 4
const warmRegions = 4
const test = suite('arena')

/** Regions that count how often their pages were given back, at addresses that no two share. */
class Regions {
  readonly discards: number[] = []
  // All look at the same memory: the tests tell blocks apart by address.
  readonly #memory = new Uint8Array(2 * 1024 * 1024)

  readonly allocate = (bytes: number): Region => {
    const index = this.discards.push(0) - 1
    const discard = () => {
      this.discards[index] = (this.discards[index] as number) + 1
    }
    return { memory: this.#memory, address: (index + 1) * bytes, discard }
  }

  get allDiscards(): number {
    return this.discards.reduce((sum, count) => sum + count, 0)
  }
}

test('never leases a block twice at a time, and counts what is out', () => {
  const lease = fc.constant('lease' as const)
  const release = fc.nat()
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 3, arbitrary: lease }, { weight: 2, arbitrary: release }), {
        maxLength: 200,
        size: 'max',
      }),
      script => {
        const regions = new Regions()
        const arena = new Arena(regions.allocate, blockSize)
        const out: Block[] = []
        let most = 0
        for (const step of script) {
          if (step === 'lease') {
            const block = arena.lease()
            assert.is(block.leases, 1)
            assert.is(block.size, blockSize)
            assert.not(
              out.some(other => other.address === block.address),
              'leased twice'
            )
            out.push(block)
          } else if (out.length > 0) {
            const [block] = out.splice(step % out.length, 1)
            block?.release()
          }
          most = Math.max(most, out.length)
          assert.is(arena.leasedBytes, out.length * blockSize)
        }
        assert.is(regions.discards.length, Math.ceil(most / blocksPerRegion), 'took more regions than it needed')
        for (const block of out) block.release()
        assert.is(arena.leasedBytes, 0)
      }
    )
  )
})

test('gives the pages of free regions back, but for four that stay warm', () => {
  const regions = new Regions()
  const arena = new Arena(regions.allocate, blockSize)
  const burst = Array.from({ length: 10 * blocksPerRegion }, () => arena.lease())
  assert.is(regions.discards.length, 10)
  for (const block of burst) block.release()
  assert.is(regions.allDiscards, 10 - warmRegions)
  assert.ok(regions.discards.every(count => count <= 1))

  // The warm ones are used first: no page is faulted in again while they last.
  const few = Array.from({ length: warmRegions * blocksPerRegion }, () => arena.lease())
  for (const block of few) block.release()
  assert.is(regions.allDiscards, 10 - warmRegions)
  // A second burst needs no further regions, and its pages go back again.
  for (const block of Array.from({ length: 10 * blocksPerRegion }, () => arena.lease())) block.release()
  assert.is(regions.discards.length, 10)
  assert.is(regions.allDiscards, 2 * (10 - warmRegions))
})

test('keeps the pages of a region of which one block is out', () => {
  const regions = new Regions()
  const arena = new Arena(regions.allocate, blockSize)
  const burst = Array.from({ length: 6 * blocksPerRegion }, () => arena.lease())
  const kept = burst.filter((_, index) => index % blocksPerRegion === 0)
  for (const block of burst) if (!kept.includes(block)) block.release()
  assert.is(regions.allDiscards, 0)
  for (const block of kept) block.release()
  assert.is(regions.allDiscards, 6 - warmRegions)
})

test('trimmed, it gives back the pages of warm regions too, and can still lease', () => {
  const regions = new Regions()
  const arena = new Arena(regions.allocate, blockSize)
  const kept = arena.lease()
  for (const block of Array.from({ length: 2 * blocksPerRegion }, () => arena.lease())) block.release()
  arena.trim()
  arena.trim()
  assert.equal(regions.discards.filter(count => count === 1).length, regions.discards.length - 1)
  assert.is(regions.allDiscards, regions.discards.length - 1)
  kept.release()
  const all = Array.from({ length: regions.discards.length * blocksPerRegion }, () => arena.lease())
  assert.is(new Set(all.map(block => block.address)).size, all.length)
})

test('a block returns with its last lease, and not before', () => {
  const arena = new Arena(ordinaryRegion, blockSize)
  const block = arena.lease()
  block.keep().keep()
  block.release()
  block.release()
  assert.is(arena.leasedBytes, blockSize)
  block.release()
  assert.is(arena.leasedBytes, 0)
})

test('releasing once too often throws, and does not free the block twice', () => {
  const arena = new Arena(ordinaryRegion, blockSize)
  const block = arena.lease()
  block.release()
  assert.throws(() => block.release(), /released more often/)
  assert.is(arena.leasedBytes, 0)
  assert.is.not(arena.lease(), arena.lease())
})

test('the block size has to divide a region', () => {
  assert.throws(() => new Arena(ordinaryRegion, 300_000), RangeError)
})

test.run()
