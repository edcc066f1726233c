import type { Arena, Block, Socket } from 'reactor'

/**
 * Bytes on their way to a socket, in blocks leased from an arena: a first-in first-out queue without a bound. An empty
 * queue holds no block.
 */
export class BlockQueue {
  readonly #arena: Arena
  readonly #blocks: Block[] = []
  /** Where the bytes begin in the first block, and where they end in the last one. */
  #start = 0
  #end = 0
  #length = 0

  constructor(arena: Arena) {
    this.#arena = arena
  }

  /** Bytes in the queue. */
  get length(): number {
    return this.#length
  }

  /** Appends a copy of the bytes. */
  push(bytes: Uint8Array): void {
    let done = 0
    while (done < bytes.length) {
      const block = this.#lastWithRoom()
      const count = Math.min(bytes.length - done, block.size - this.#end)
      block.memory.set(count === bytes.length ? bytes : bytes.subarray(done, done + count), this.#end)
      this.#end += count
      this.#length += count
      done += count
    }
  }

  /** Writes as much as the socket takes. */
  writeTo(socket: Socket): void {
    while (this.#length > 0) {
      const block = this.#blocks[0] as Block
      const offered = (this.#blocks.length === 1 ? this.#end : block.size) - this.#start
      const accepted = socket.write(block, this.#start, offered)
      this.#start += accepted
      this.#length -= accepted
      if (accepted < offered) return
      this.#blocks.shift()?.release()
      this.#start = 0
    }
  }

  /** Drops everything and gives the blocks back. */
  clear(): void {
    for (const block of this.#blocks.splice(0)) block.release()
    this.#start = 0
    this.#length = 0
  }

  #lastWithRoom(): Block {
    const last = this.#blocks.at(-1)
    if (last !== undefined && this.#end < last.size) return last
    const block = this.#arena.lease()
    this.#blocks.push(block)
    this.#end = 0
    return block
  }
}
