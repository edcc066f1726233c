import * as assert from 'uvu/assert'
import type { Arena, Block, Socket } from '../src/index.js'

/** A prime, so that the pattern does not repeat in step with any buffer. */
const period = 65_521

const pattern = Buffer.from(Array.from({ length: period }, (_, index) => (index * 167 + (index >> 8) * 59) & 255))

/** Sends `total` bytes of a known pattern as fast as they are accepted, then calls `onDone`. */
export class PatternSender {
  sent = 0
  readonly total: number
  readonly #block: Block
  readonly #onDone: (socket: Socket) => void

  constructor(arena: Arena, total: number, onDone: (socket: Socket) => void = () => {}) {
    this.total = total
    this.#onDone = onDone
    this.#block = arena.lease()
    pattern.copy(this.#block.memory)
  }

  /** To be called at the start, and from `onWritable`. */
  pump(socket: Socket): void {
    while (this.sent < this.total) {
      const start = this.sent % period
      const length = Math.min(period - start, this.total - this.sent)
      const accepted = socket.write(this.#block, start, length)
      this.sent += accepted
      if (accepted < length) return
    }
    this.#onDone(socket)
  }

  /** Offers `length` bytes, or fewer where the pattern wraps. */
  offer(socket: Socket, length: number): void {
    const start = this.sent % period
    this.sent += socket.write(this.#block, start, Math.min(length, period - start))
  }

  /** Gives its block back; the engine may still hold it. */
  release(): void {
    this.#block.release()
  }
}

/** Checks that what arrives is the pattern. */
export class PatternChecker {
  checked = 0

  check(block: Block, start: number, length: number): void {
    for (let done = 0; done < length; ) {
      const at = this.checked % period
      const count = Math.min(length - done, period - at)
      const part = block.memory.subarray(start + done, start + done + count)
      assert.is(Buffer.compare(part, pattern.subarray(at, at + count)), 0, `wrong bytes behind offset ${this.checked}`)
      done += count
      this.checked += count
    }
  }
}
