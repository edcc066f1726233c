import { endianness } from 'node:os'
import type { Arena, Block } from '../arena.js'
import { errno } from '../linux/libc.js'
import { mapScratch } from '../linux/mapped-memory.js'
import { SystemError } from '../system-error.js'
import { IORING_CQE_F_BUF_MORE, IORING_REGISTER_PBUF_RING, IOU_PBUF_RING_INC } from './abi.js'
import { ioUringRegister } from './system-calls.js'

const littleEndian = endianness() === 'LE'
const twoTo32 = 2 ** 32
const entryBytes = 16
/** The ring's tail lies in the reserved field of its first entry (`struct io_uring_buf_ring`). */
const tailOffset = 14

const registration = mapScratch(40)

/** Registers a ring of provided buffers (io_uring_register(2), IORING_REGISTER_PBUF_RING); an errno, or 0. */
export function registerBufferRing(
  fd: number,
  address: number,
  entries: number,
  group: number,
  incremental: boolean
): number {
  const { view } = registration
  for (let at = 0; at < 40; at += 4) view.setUint32(at, 0)
  view.setUint32(0, address, littleEndian)
  view.setUint32(4, address / twoTo32, littleEndian)
  view.setUint32(8, entries, littleEndian)
  view.setUint16(12, group, littleEndian)
  view.setUint16(14, incremental ? IOU_PBUF_RING_INC : 0, littleEndian)
  return ioUringRegister(fd, IORING_REGISTER_PBUF_RING, registration.address, 1) < 0 ? errno() : 0
}

/**
 * Blocks that the kernel may fill: it takes one when bytes have arrived, so that a connection without any holds none.
 *
 * The ring holds a lease on each block that it has handed to the kernel, and gives it up only when a completion says
 * that the kernel is done with the block. A spent block's place is taken by a fresh one at once, while whoever keeps
 * the spent one keeps it: the arena does not lease it out again, nor the kernel write to it, before the last release.
 *
 * An `incremental` ring (IOU_PBUF_RING_INC, Linux 6.12) lets the kernel fill a block piece by piece, in the order of
 * the completions. Then an earlier piece may be kept and sent while the kernel writes behind it.
 */
export class BufferRing {
  readonly group: number
  readonly blockSize: number
  readonly #arena: Arena
  readonly #incremental: boolean
  readonly #memory: { address: number; view: DataView }
  readonly #mask: number
  /** By buffer number: what the kernel has, and where its next piece begins. */
  readonly #blocks: Block[] = []
  readonly #starts: Int32Array
  #tail = 0
  /** Where the bytes begin in the block that `take` returned last. */
  start = 0

  /** `entries` is a power of two. Throws a SystemError. */
  constructor(fd: number, group: number, arena: Arena, entries: number, incremental: boolean) {
    this.group = group
    this.blockSize = arena.blockSize
    this.#arena = arena
    this.#incremental = incremental
    this.#mask = entries - 1
    this.#memory = mapScratch(entries * entryBytes)
    this.#starts = new Int32Array(entries)
    const error = registerBufferRing(fd, this.#memory.address, entries, group, incremental)
    if (error !== 0) throw SystemError.fromErrno('io_uring_register', error, 'provided buffers')
    for (let number = 0; number < entries; number++) this.#provide(number)
  }

  /**
   * The block in which a completion has left `length` bytes, beginning at `start`, with a lease for the caller.
   * `flags` are the completion's.
   */
  take(number: number, length: number, flags: number): Block {
    const block = this.#blocks[number] as Block
    this.start = this.#starts[number] as number
    if (this.#incremental && flags & IORING_CQE_F_BUF_MORE) {
      this.#starts[number] = this.start + length
      return block.keep()
    }
    // The ring's lease becomes the caller's.
    this.#provide(number)
    return block
  }

  #provide(number: number): void {
    const block = this.#arena.lease()
    this.#blocks[number] = block
    this.#starts[number] = 0
    const { view } = this.#memory
    const at = (this.#tail & this.#mask) * entryBytes
    view.setUint32(at, block.address, littleEndian)
    view.setUint32(at + 4, block.address / twoTo32, littleEndian)
    view.setUint32(at + 8, this.blockSize, littleEndian)
    view.setUint16(at + 12, number, littleEndian)
    this.#tail = (this.#tail + 1) & 0xffff
    view.setUint16(tailOffset, this.#tail, littleEndian)
  }

  /** Returns the blocks to the arena. Only after the ring has been closed: the kernel has no use for them then. */
  release(): void {
    for (const block of this.#blocks.splice(0)) block.release()
  }
}
