import type { Block } from '../arena.js'

interface Range {
  readonly block: Block
  readonly start: number
  length: number
}

/**
 * Bytes that have been accepted for sending, in order, with a lease on each of their blocks: as long as a range is in
 * here its memory is not used for anything else. What follows the last range in its block is joined to it, so that
 * many small messages of a turn become one send.
 */
export class Outgoing {
  /** All bytes in here. */
  length = 0
  // The first range stands here rather than in the array: most of the time it is the only one.
  #block: Block | undefined
  #start = 0
  #front = 0
  #more: Range[] | undefined

  append(block: Block, start: number, length: number): void {
    this.length += length
    if (this.#more !== undefined && this.#more.length > 0) {
      this.#appendBehind(this.#more, block, start, length)
    } else if (this.#block === undefined) {
      this.#block = block.keep()
      this.#start = start
      this.#front = length
    } else if (this.#block === block && this.#start + this.#front === start) {
      this.#front += length
    } else {
      this.#more ??= []
      this.#more.push({ block: block.keep(), start, length })
    }
  }

  #appendBehind(more: Range[], block: Block, start: number, length: number): void {
    const last = more.at(-1) as Range
    if (last.block === block && last.start + last.length === start) last.length += length
    else more.push({ block: block.keep(), start, length })
  }

  /** Where the first range lies, for the kernel. */
  get frontAddress(): number {
    return (this.#block as Block).address + this.#start
  }

  get frontLength(): number {
    return this.#front
  }

  /** Drops the first `count` bytes of the first range, which have been sent. */
  consume(count: number): void {
    this.length -= count
    this.#start += count
    this.#front -= count
    if (this.#front === 0) this.#advance()
  }

  #advance(): void {
    this.#block?.release()
    const next = this.#more?.shift()
    this.#block = next?.block
    this.#start = next === undefined ? 0 : next.start
    this.#front = next === undefined ? 0 : next.length
  }

  /** Gives up the memory; `length` stays, and tells what was never sent. Not while the kernel sends from here. */
  release(): void {
    while (this.#block !== undefined) this.#advance()
  }
}
