import type { Block } from '../arena.js'

interface Range {
  readonly block: Block
  start: number
  length: number
}

/**
 * Bytes that have been accepted for sending, in order, with a lease on each of their blocks: as long as a range is in
 * here its memory is not used for anything else. What follows the last range in its block is joined to it, so that
 * many small messages of a turn become one range.
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

  get ranges(): number {
    if (this.#block === undefined) return 0
    return this.#more === undefined ? 1 : 1 + this.#more.length
  }

  /** Where a range lies, for the kernel; `index` is below `ranges`. */
  addressOf(index: number): number {
    if (index === 0) return (this.#block as Block).address + this.#start
    const { block, start } = (this.#more as Range[])[index - 1] as Range
    return block.address + start
  }

  lengthOf(index: number): number {
    return index === 0 ? this.#front : ((this.#more as Range[])[index - 1] as Range).length
  }

  /** Drops the first `count` bytes, which have been sent. */
  consume(count: number): void {
    this.length -= count
    let left = count
    while (left > this.#front) {
      left -= this.#front
      this.#advance()
    }
    this.#start += left
    this.#front -= left
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
