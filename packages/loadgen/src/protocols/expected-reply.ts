import type { Mismatch } from '../payload/mismatch.js'

/** A reply that has to come next, recognised and verified piece by piece, wherever the reads cut it. */
export interface ExpectedReply {
  /**
   * Takes what belongs to it, from `bytes[start]` on, and returns where that ends. Before the end of `bytes` it stops
   * only where the reply is complete or wrong.
   */
  read(bytes: Uint8Array, start: number): number
  readonly state: 'incomplete' | 'right' | 'wrong'
  /** What it has taken so far, as far as that tells what the server wanted to say. */
  readonly taken: Uint8Array
  /** What is wrong lies among arbitrary bytes: the end of a line is not the end of the story. */
  readonly binary?: boolean
  /** What is wrong; `rest` is what came behind `taken`, and `offset` where the reply begins in the stream. */
  fault(offset: number, rest: Uint8Array): ReplyFault
}

export interface ReplyFault {
  /** What happened, to follow the target's name. */
  readonly story: string
  readonly mismatch?: Mismatch
}
