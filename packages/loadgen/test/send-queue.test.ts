import fc from 'fast-check'
import type { Block, Region, Socket } from 'reactor'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { SendSpace } from '../src/thread/send-space.js'
import { SendQueue } from '../src/workloads/send-queue.js'

const test = suite('what waits to be sent')

const allocate = (bytes: number): Region => ({ memory: new Uint8Array(bytes), address: 0 })

/** A socket whose kernel takes so many bytes of each write, in turn, and then all; what it took, and in how many writes. */
class Kernel {
  readonly taken: number[] = []
  writes = 0
  readonly #limits: number[]

  constructor(limits: number[]) {
    this.#limits = [...limits]
  }

  write(block: Block, start: number, length: number): number {
    this.writes++
    const count = Math.min(length, this.#limits.shift() ?? length)
    this.taken.push(...block.memory.subarray(start, start + count))
    return count
  }

  get socket(): Socket {
    return this as unknown as Socket
  }
}

test('goes out once, in its order, whatever the kernel takes at a time', () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 12 })
  fc.assert(
    fc.property(chunks, fc.array(fc.nat(3000), { maxLength: 40 }), (chunks, limits) => {
      const queue = new SendQueue(new SendSpace(allocate, 1024))
      const kernel = new Kernel(limits)
      let sent = 0
      for (const chunk of chunks) {
        queue.add(chunk)
        sent += queue.writeTo(kernel.socket)
        assert.is(sent, kernel.taken.length)
      }
      for (let round = 0; round <= limits.length; round++) {
        queue.resume()
        sent += queue.writeTo(kernel.socket)
      }
      assert.ok(queue.empty)
      assert.is(sent, kernel.taken.length)
      assert.equal(Buffer.from(kernel.taken), Buffer.concat(chunks))
    })
  )
})

test('goes out together, as far as there is room, and not before the kernel takes more', () => {
  const queue = new SendQueue(new SendSpace(allocate, 1024))
  const kernel = new Kernel([1024, 10])
  for (let count = 0; count < 40; count++) queue.add(new Uint8Array(32))
  assert.is(queue.writeTo(kernel.socket), 1034)
  assert.is(kernel.writes, 2)
  assert.is(queue.writeTo(kernel.socket), 0)
  queue.addRefused(new Uint8Array(8))
  assert.is(queue.writeTo(kernel.socket), 0)
  queue.resume()
  assert.is(queue.writeTo(kernel.socket), 40 * 32 + 8 - 1034)
  assert.is(kernel.writes, 3)
})

test.run()
