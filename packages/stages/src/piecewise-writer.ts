import type { Socket } from 'node:net'

/** Bytes given to the socket at once. */
const pieceLength = 65_536

/** Writes to a socket piece by piece, because only the end of a write tells what the kernel has taken. */
export class PiecewiseWriter {
  readonly #socket: Socket
  readonly #onTaken: () => void
  #waiting: Buffer[] = []
  #writing = false
  #ending = false
  #taken = 0

  /** `onTaken` is called whenever the kernel has taken more. */
  constructor(socket: Socket, onTaken: () => void) {
    this.#socket = socket
    this.#onTaken = onTaken
  }

  /** Bytes that the kernel has taken; it may be a piece behind. */
  get taken(): number {
    return this.#taken
  }

  /** True when FIN follows the last byte that was to be written, as `end` asks for. */
  get isEnding(): boolean {
    return this.#ending
  }

  write(chunk: Buffer): void {
    this.#waiting.push(chunk)
    if (!this.#writing) this.#writeNext()
  }

  /** FIN right behind all that was to be written. */
  end(): void {
    this.#ending = true
    if (!this.#writing) this.#socket.end()
  }

  /** Gives up on all that the socket has not been given. */
  forget(): void {
    this.#waiting = []
  }

  #writeNext(): void {
    const next = this.#waiting.shift()
    this.#writing = next !== undefined
    if (!next) {
      if (this.#ending) this.#socket.end()
      return
    }
    const piece = next.subarray(0, pieceLength)
    if (piece.length < next.length) this.#waiting.unshift(next.subarray(piece.length))
    this.#socket.write(piece, error => {
      if (error) return
      this.#taken += piece.length
      this.#onTaken()
      this.#writeNext()
    })
  }
}
