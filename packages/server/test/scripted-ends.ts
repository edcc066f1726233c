import { Arena, Block } from 'reactor'
import type { Sink, Source, Unseen } from '../src/pipe.js'

export const blockSize = 4096

export function ordinaryArena(): Arena {
  return new Arena(bytes => ({ memory: new Uint8Array(bytes), address: 0 }), blockSize)
}

/** Remembers what it was asked for. */
export class ScriptedSource implements Source {
  demanded = Number.POSITIVE_INFINITY
  demands = 0
  aborted = false

  demand(bytes: number): void {
    this.demanded = bytes
    this.demands++
  }

  abort(): void {
    this.aborted = true
  }
}

/** Takes as many bytes as it has room for; they are pending until it passes them on. */
export class ScriptedSink implements Sink {
  room: number
  pendingBytes = 0
  ended = false
  aborted = false
  refused = false
  readonly #keepsPending: boolean
  readonly #taken: Buffer[] = []

  constructor(room: number, options: { keepsPending: boolean } = { keepsPending: false }) {
    this.room = room
    this.#keepsPending = options.keepsPending
  }

  get taken(): Buffer {
    return Buffer.concat(this.#taken)
  }

  write(block: Block, start: number, length: number): number {
    if (this.ended) throw new Error('written to after its end')
    const count = Math.min(length, this.room)
    this.room -= count
    if (this.#keepsPending) this.pendingBytes += count
    if (count < length) this.refused = true
    this.#taken.push(Buffer.from(block.memory.subarray(start, start + count)))
    return count
  }

  pass(bytes: number): void {
    this.pendingBytes -= bytes
  }

  shutdown(): void {
    if (this.ended) throw new Error('ended twice')
    this.ended = true
  }

  abort(): void {
    this.aborted = true
  }
}

/** Bytes that the pipe must not look at; it has to send or discard them. */
export class ScriptedUnseen implements Unseen {
  discarded = false
  #left: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#left = bytes
  }

  get length(): number {
    return this.#left.length
  }

  sendTo(sink: Sink): number {
    if (this.length === 0) throw new Error('used after it was empty')
    const count = sink.write(new Block(this.#left, 0), 0, this.length)
    this.#left = this.#left.subarray(count)
    return count
  }

  discard(): void {
    if (this.length === 0) throw new Error('used after it was empty')
    this.discarded = true
    this.#left = new Uint8Array()
  }
}

/** A read: bytes that are the pipe's only until it returns. */
export function lend(bytes: Uint8Array, give: (block: Block, start: number, length: number) => void): void {
  const margin = 3
  const memory = new Uint8Array(bytes.length + margin).fill(0xee)
  memory.set(bytes, margin)
  give(new Block(memory, 0), margin, bytes.length)
  memory.fill(0xdd)
}

/** Bytes of a stream from `offset` on, without a short period. */
export function streamBytes(offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at++) bytes[at] = Math.imul(offset + at, 2654435761) >>> 24
  return bytes
}
