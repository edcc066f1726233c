import type { Addressing, Region } from 'reactor'
import { createKernel, type PayloadKernel } from './kernel.js'

const hugePage = 2 * 1024 * 1024

/** Address space that is reserved, not memory that is used: a loop touches a few MiB of it. */
const reservedBytes = 64 * 1024 * 1024

/**
 * Where a load thread's buffers lie: memory that the payload kernel reaches, so that bytes are generated and verified
 * where the system call puts them.
 */
export class PayloadMemory {
  readonly kernel: PayloadKernel
  /** Position of a stretch that belongs to nobody, for bytes that come from elsewhere. */
  readonly scratch: number
  readonly scratchBytes = 256 * 1024
  readonly #addressing: Addressing | undefined
  /** The last two that were found within reach, mostly one to read and one to write: what they are is costly to ask. */
  #last: Uint8Array | undefined
  #lastPosition = 0
  #other: Uint8Array | undefined
  #otherPosition = 0
  /** Position of the next free huge page. */
  #next: number

  /** Without `addressing` (engine `node` alone) regions have no address. */
  constructor(addressing: Addressing | undefined, kernel: PayloadKernel = createKernel(reservedBytes)) {
    this.kernel = kernel
    this.#addressing = addressing
    const base = addressing?.addressOf(kernel.memory) ?? 0
    this.scratch = 0
    this.#next = roundUp(base + this.scratchBytes, hugePage) - base
  }

  /** The position at which the kernel reaches these bytes where they are; -1: it does not. */
  positionOf(memory: Uint8Array): number {
    if (memory === this.#last) return this.#lastPosition
    if (memory === this.#other) return this.#otherPosition
    if (memory.buffer !== this.kernel.memory.buffer) return -1
    this.#other = this.#last
    this.#otherPosition = this.#lastPosition
    this.#last = memory
    this.#lastPosition = memory.byteOffset
    return this.#lastPosition
  }

  /**
   * A region for an arena (see reactor's `RegionAllocator`): from the kernel's memory as long as there is some left,
   * then from anywhere, which costs a copy but never fails early.
   */
  readonly allocateRegion = (bytes: number): Region => {
    const start = this.#next
    if (start + bytes <= this.kernel.memory.length) {
      this.#next = start + bytes
      return this.#region(this.kernel.memory.subarray(start, start + bytes))
    }
    const elsewhere = new Uint8Array(bytes + hugePage)
    const address = this.#addressing?.addressOf(elsewhere) ?? 0
    const skip = roundUp(address, hugePage) - address
    return this.#region(elsewhere.subarray(skip, skip + bytes))
  }

  #region(memory: Uint8Array): Region {
    if (this.#addressing === undefined) return { memory, address: 0 }
    const address = this.#addressing.addressOf(memory)
    this.#addressing.adviseHugePages(address, memory.length)
    return { memory, address }
  }
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step
}
