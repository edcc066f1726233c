/** A stretch of memory that an arena cuts into blocks. */
export interface Region {
  readonly memory: Uint8Array
  /** Where it begins, for the kernel; 0 when it has no fixed address (engine `node`). */
  readonly address: number
  /** Gives the pages back to the system while keeping the addresses; absent where that cannot be done. */
  discard?(): void
}

/** Makes a region of `bytes` (a multiple of 2 MiB). */
export type RegionAllocator = (bytes: number) => Region

const regionBytes = 2 * 1024 * 1024

/** Wholly free regions that keep their pages, so that a burst does not fault them in again each time. */
const warmRegions = 4

/**
 * Memory on a lease. Whoever got it holds one lease; `keep` takes another, `release` gives one back, and with the
 * last the block returns to its arena. Forgetting to release leaks; releasing twice throws.
 */
export class Block {
  readonly memory: Uint8Array
  /** Address of `memory[0]` for the kernel, or 0 when it has none. */
  readonly address: number
  readonly #free: ((block: Block) => void) | undefined
  #leases = 0

  constructor(memory: Uint8Array, address: number, free?: (block: Block) => void) {
    this.memory = memory
    this.address = address
    this.#free = free
  }

  get size(): number {
    return this.memory.length
  }

  get leases(): number {
    return this.#leases
  }

  keep(): this {
    this.#leases++
    return this
  }

  release(): void {
    if (this.#leases === 0) throw new Error('block released more often than it was leased')
    if (--this.#leases === 0) this.#free?.(this)
  }
}

interface Pool {
  readonly region: Region
  readonly free: Block[]
  /** Its pages went back to the system; they come again, zeroed, when a block is touched. */
  discarded: boolean
}

/**
 * A pool of equal blocks. A connection that has nothing pending holds none of them.
 * Regions that have become wholly free give their pages back, but for a few that stay warm.
 */
export class Arena {
  readonly blockSize: number
  readonly #allocate: RegionAllocator
  readonly #blocksPerRegion: number
  /** Pools with at least one free block; the last is leased from first. */
  readonly #available: Pool[] = []
  #leased = 0
  #warm = 0

  /** `blockSize` in bytes must divide 2 MiB. */
  constructor(allocate: RegionAllocator, blockSize: number) {
    if (regionBytes % blockSize !== 0) throw new RangeError(`block size ${blockSize} does not divide 2 MiB`)
    this.#allocate = allocate
    this.blockSize = blockSize
    this.#blocksPerRegion = regionBytes / blockSize
  }

  /** Bytes in blocks that somebody holds. */
  get leasedBytes(): number {
    return this.#leased * this.blockSize
  }

  /** A block with one lease on it. Its content is arbitrary. */
  lease(): Block {
    const pool = this.#available.at(-1) ?? this.#grow()
    if (pool.free.length === this.#blocksPerRegion) {
      if (pool.discarded) pool.discarded = false
      else this.#warm--
    }
    const block = pool.free.pop() as Block
    if (pool.free.length === 0) this.#available.pop()
    this.#leased++
    return block.keep()
  }

  /** Gives back the pages of every region that nobody holds a block of, the warm ones too. */
  trim(): void {
    for (const pool of this.#available) {
      if (pool.free.length < this.#blocksPerRegion || pool.discarded || pool.region.discard === undefined) continue
      pool.region.discard()
      pool.discarded = true
      this.#warm--
    }
  }

  #grow(): Pool {
    const region = this.#allocate(regionBytes)
    const pool: Pool = { region, free: [], discarded: false }
    const giveBack = (block: Block) => this.#takeBack(pool, block)
    for (let at = regionBytes - this.blockSize; at >= 0; at -= this.blockSize) {
      const address = region.address === 0 ? 0 : region.address + at
      pool.free.push(new Block(region.memory.subarray(at, at + this.blockSize), address, giveBack))
    }
    this.#available.push(pool)
    this.#warm++
    return pool
  }

  #takeBack(pool: Pool, block: Block): void {
    this.#leased--
    if (pool.free.length === 0) this.#available.push(pool)
    pool.free.push(block)
    if (pool.free.length < this.#blocksPerRegion) return
    if (this.#warm < warmRegions || pool.region.discard === undefined) {
      this.#warm++
      return
    }
    pool.region.discard()
    pool.discarded = true
    this.#available.splice(this.#available.indexOf(pool), 1)
    this.#available.unshift(pool)
  }
}
