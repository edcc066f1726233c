import type { Block } from '../arena.js'

interface Piece {
  readonly block: Block
  start: number
  length: number
}

/** Bytes that were received and could not be delivered, because reading was paused: they wait, leased, in order. */
export class Backlog {
  readonly #pieces: Piece[] = []

  get empty(): boolean {
    return this.#pieces.length === 0
  }

  push(block: Block, start: number, length: number): void {
    this.#pieces.push({ block: block.keep(), start, length })
  }

  /** Hands at most `bytes` of the oldest bytes to `deliver`. */
  take(bytes: number, deliver: (block: Block, start: number, length: number) => void): void {
    const piece = this.#pieces[0]
    if (piece === undefined) return
    const { block, start } = piece
    const length = Math.min(bytes, piece.length)
    piece.start += length
    piece.length -= length
    const spent = piece.length === 0
    if (spent) this.#pieces.shift()
    deliver(block, start, length)
    if (spent) block.release()
  }

  /** Drops everything. */
  clear(): void {
    for (const { block } of this.#pieces.splice(0)) block.release()
  }
}
