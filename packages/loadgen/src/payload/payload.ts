/** One connection's bytes: an endless sequence of which any stretch can be made or checked at any time. */
export interface Payload {
  readonly identity: PayloadIdentity
  /** Writes the bytes `[offset, offset + length)` to `memory[start]` and on. */
  fill(memory: Uint8Array, start: number, length: number, offset: number): void
  /**
   * Compares `length` bytes from `memory[start]` on with those from `offset` on. Returns how many are right before the
   * first that differs, or -1 when all are.
   */
  mismatch(memory: Uint8Array, start: number, length: number, offset: number): number
}

/** What identifies a payload. */
export interface PayloadIdentity {
  readonly seed: number
  /** The connection's number in the run, from 0. */
  readonly connection: number
  /** The only byte values that may occur, where not all may. Undefined: a few bytes tell where they come from. */
  readonly charset: Uint8Array | undefined
}
