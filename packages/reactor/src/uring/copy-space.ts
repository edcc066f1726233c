import type { Arena, Block } from '../arena.js'

/**
 * Copies of bytes that lie in memory which might move or be collected while the kernel sends from it, one behind the
 * other, so that many small ones share a block.
 */
export class CopySpace {
  readonly #arena: Arena
  #block: Block | undefined
  #used = 0
  /** Where the last copy begins in its block. */
  start = 0

  constructor(arena: Arena) {
    this.#arena = arena
  }

  /** Bytes that one copy can have. */
  get most(): number {
    return this.#arena.blockSize
  }

  /** Copies at most `most` bytes. The block is the caller's as long as it keeps it, beginning before the next copy. */
  copy(source: Uint8Array): Block {
    if (this.#block === undefined || this.#block.size - this.#used < source.length) this.#takeBlock()
    const block = this.#block as Block
    this.start = this.#used
    this.#used += source.length
    block.memory.set(source, this.start)
    return block
  }

  #takeBlock(): void {
    this.#block?.release()
    this.#block = this.#arena.lease()
    this.#used = 0
  }

  release(): void {
    this.#block?.release()
    this.#block = undefined
  }
}
