import { Arena, type Block, type RegionAllocator } from 'reactor'

/**
 * Where a thread puts what it sends. An engine may hold a block until it has sent from it; short messages stand side
 * by side, so that those on their way at the same time share a block and the cache lines around it.
 */
export class SendSpace {
  /** For blocks of one's own. */
  readonly arena: Arena
  /** Bytes that can be taken at a time, at most. */
  readonly most: number
  /** Where the last stretch begins in its block. */
  start = 0
  #block: Block
  #end = 0

  /** Blocks of `blockSize` bytes. */
  constructor(allocate: RegionAllocator, blockSize: number) {
    this.most = blockSize
    this.arena = new Arena(allocate, blockSize)
    this.#block = this.arena.lease()
  }

  /**
   * A block in which `length` bytes from `start` on are free to be written, and sent, before the next ones are taken.
   * Whoever sends from them for longer keeps the block.
   */
  take(length: number): Block {
    if (this.#block.leases === 1) this.#end = 0
    else if (this.#end + length > this.most) this.#renew()
    this.start = this.#end
    this.#end += length
    return this.#block
  }

  #renew(): void {
    this.#block.release()
    this.#block = this.arena.lease()
    this.#end = 0
  }
}
