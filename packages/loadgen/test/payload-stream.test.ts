import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { parseCharset } from '../src/payload/charset.js'
import { streamKey } from '../src/payload/generator.js'
import { createReferenceKernel, createWasmKernel } from '../src/payload/kernel.js'
import { PayloadMemory } from '../src/payload/payload-memory.js'
import { PayloadStream } from '../src/payload/payload-stream.js'
import { blockBytes, byteAt, epochBytes } from '../src/payload/stream-bytes.js'

const test = suite('payload stream', { timeLimit: 20_000 })

const memoryBytes = 1024 * 1024
const wasm = createWasmKernel(memoryBytes)
const reference = createReferenceKernel(memoryBytes)

const stretch = fc.record({
  position: fc.integer({ min: 1, max: 5_000 }),
  length: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 6_000 })),
  offset: fc.oneof(
    fc.integer({ min: 0, max: epochBytes - 6_000 }),
    // Where one block ends and the next begins.
    fc
      .tuple(fc.integer({ min: 1, max: epochBytes / blockBytes - 2 }), fc.integer({ min: -300, max: 10 }))
      .map(([block, at]) => block * blockBytes + at)
  ),
  seed: fc.maxSafeNat(),
})

test('WebAssembly fills like the reference, and nothing beyond', () => {
  fc.assert(
    fc.property(stretch, ({ position, length, offset, seed }) => {
      const key = streamKey(seed, 1, 0)
      for (const kernel of [wasm, reference]) {
        kernel.memory.fill(0xee, 0, 12_000)
        kernel.fill(position, length, offset, key)
      }
      assert.is(Buffer.compare(wasm.memory.subarray(0, 12_000), reference.memory.subarray(0, 12_000)), 0)
      assert.is(wasm.memory[position - 1], 0xee)
      assert.is(wasm.memory[position + length], 0xee)
    }),
    { numRuns: 500 }
  )
})

test('right bytes have no mismatch, and a changed byte is found exactly', () => {
  fc.assert(
    fc.property(stretch, fc.nat(), fc.integer({ min: 1, max: 255 }), (at, where, change) => {
      const { position, length, offset, seed } = at
      const key = streamKey(seed, 2, 0)
      for (const kernel of [wasm, reference]) {
        kernel.fill(position, length, offset, key)
        assert.is(kernel.mismatch(position, length, offset, key), -1)
        if (length === 0) continue
        const changed = where % length
        kernel.memory[position + changed] = (kernel.memory[position + changed] as number) ^ change
        assert.is(kernel.mismatch(position, length, offset, key), changed)
        assert.is(kernel.mismatch(position, changed, offset, key), -1)
      }
    }),
    { numRuns: 500 }
  )
})

test('the first of two changed bytes is found', () => {
  fc.assert(
    fc.property(stretch, fc.nat(), fc.nat(), (at, one, other) => {
      const { position, length, offset, seed } = at
      fc.pre(length > 0 && one % length !== other % length)
      const key = streamKey(seed, 2, 0)
      wasm.fill(position, length, offset, key)
      for (const changed of [one % length, other % length]) {
        wasm.memory[position + changed] = (wasm.memory[position + changed] as number) ^ 0x01
      }
      assert.is(wasm.mismatch(position, length, offset, key), Math.min(one % length, other % length))
    })
  )
})

const offsets = fc.oneof(
  fc.nat({ max: 100_000 }),
  fc.maxSafeNat().map(offset => offset % (64 * 2 ** 40)),
  // Where the key changes.
  fc.integer({ min: 1, max: 4 }).chain(epoch => fc.integer({ min: -300, max: 10 }).map(at => epoch * epochBytes + at))
)

for (const [name, createMemory] of [
  ['within reach', (memory: PayloadMemory) => memory.allocateRegion(2 * 1024 * 1024).memory],
  ['elsewhere', () => new Uint8Array(4096)],
] as const) {
  test(`every stretch of a stream is the bytes at its offsets (memory ${name})`, () => {
    const memory = new PayloadMemory(undefined)
    const target = createMemory(memory)
    fc.assert(
      fc.property(
        offsets,
        fc.integer({ min: 0, max: 400 }),
        fc.maxSafeNat(),
        fc.nat(500),
        (offset, length, seed, at) => {
          const stream = new PayloadStream(memory, { seed, connection: 9, charset: undefined })
          stream.fill(target, at, length, offset)
          for (let byte = 0; byte < length; byte++) assert.is(target[at + byte], byteAt(seed, 9, offset + byte))
          assert.is(stream.mismatch(target, at, length, offset), -1)
          if (length === 0) return
          target[at + length - 1] = (target[at + length - 1] as number) ^ 0x80
          assert.is(stream.mismatch(target, at, length, offset), length - 1)
        }
      )
    )
  })
}

test('stretches longer than the scratch memory are whole', () => {
  const memory = new PayloadMemory(undefined)
  const stream = new PayloadStream(memory, { seed: 3, connection: 0, charset: undefined })
  const bytes = new Uint8Array(memory.scratchBytes * 2 + 777)
  stream.fill(bytes, 0, bytes.length, 5)
  for (let at = 0; at < bytes.length; at += 997) assert.is(bytes[at], byteAt(3, 0, 5 + at))
  assert.is(stream.mismatch(bytes, 0, bytes.length, 5), -1)
  const changed = memory.scratchBytes + 12_345
  bytes[changed] = (bytes[changed] as number) ^ 1
  assert.is(stream.mismatch(bytes, 0, bytes.length, 5), changed)
})

test('regions are aligned, do not overlap, and never run out', () => {
  const regionBytes = 2 * 1024 * 1024
  for (const base of [0, 4096 * 7, regionBytes - 4096]) {
    const memory = new PayloadMemory({ addressOf: view => base + view.byteOffset, adviseHugePages: () => {} })
    const positions: number[] = []
    for (let count = 0; count < 40; count++) {
      const region = memory.allocateRegion(regionBytes)
      assert.is(region.memory.length, regionBytes)
      assert.is(region.address % regionBytes, 0)
      const position = memory.positionOf(region.memory)
      if (position !== -1) positions.push(position)
    }
    assert.ok(positions.length >= 20 && positions.length < 40)
    positions.reduce((before, position) => {
      assert.ok(position >= before + regionBytes)
      return position
    })
    assert.ok((positions[0] as number) >= memory.scratch + memory.scratchBytes)
  }
})

test('a charset narrows the bytes and keeps verification exact', () => {
  const memory = new PayloadMemory(undefined)
  for (const name of ['hex', 'printable', 'x', '\\x80-\\xff', 'all']) {
    const charset = parseCharset(name)
    const stream = new PayloadStream(memory, { seed: 1, connection: 2, charset })
    const bytes = new Uint8Array(20_000)
    stream.fill(bytes, 0, bytes.length, 100)
    assert.equal(
      [...new Set(bytes)].sort((a, b) => a - b),
      [...charset],
      name
    )
    assert.is(stream.mismatch(bytes, 0, bytes.length, 100), -1)
    bytes[12_345] = (bytes[12_345] as number) ^ 1
    assert.is(stream.mismatch(bytes, 0, bytes.length, 100), 12_345)
    const again = new Uint8Array(10)
    stream.fill(again, 0, 10, 5_000)
    assert.equal(again, bytes.subarray(4_900, 4_910))
  }
})

test.run()
