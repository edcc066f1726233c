import { ascii, textOf } from '../ascii.js'
import type { ConnectionInfo, Lateness, Output, ProtocolSession } from '../protocol.js'
import { workOn } from '../work-on.js'
import { isExit, longestExit, type ReverseWorker } from './reverse-worker.js'

/** Writes back whatever came together, reversed. Only `exit` as a line of its own has a meaning, wherever it is cut. */
export class ChunkReverseSession implements ProtocolSession {
  readonly heldBytes = 0
  readonly inMessage = false
  messages = 0
  readonly #worker: ReverseWorker
  readonly #connection: ConnectionInfo
  /** The beginning of the present line, at most one byte more than an exit has. */
  #line = ''

  constructor(worker: ReverseWorker, connection: ConnectionInfo) {
    this.#worker = worker
    this.#connection = connection
  }

  receive(bytes: Uint8Array, output: Output): number {
    const exit = this.#worker.allowExit ? this.#findExit(bytes) : -1
    if (exit >= 0) {
      output.stopServer()
      this.#answer(bytes.subarray(0, exit), output)
      output.close()
    } else {
      workOn(bytes, output, bytes => this.#answer(bytes, output))
    }
    return bytes.length
  }

  end(output: Output): void {
    output.close()
  }

  timeOut(lateness: Lateness, output: Output): void {
    this.#worker.refusals.late(lateness, 'chunk', this.#connection, output)
  }

  #answer(bytes: Uint8Array, output: Output): void {
    this.messages++
    this.#worker.requests.add()
    output.write(this.#worker.reverser.reverse(bytes))
  }

  /**
   * Where the line `exit` begins, or the part of it that is in this chunk; -1 if it is not there. It needs no newline:
   * who sends it without one waits for an answer.
   */
  #findExit(bytes: Uint8Array): number {
    for (let start = 0; ; ) {
      const newline = bytes.indexOf(ascii.lineFeed, start)
      const end = newline < 0 ? bytes.length : newline
      const added = bytes.subarray(start, Math.min(end, start + longestExit + 1 - this.#line.length))
      this.#line += textOf(added)
      if (isExit(this.#line)) return start
      if (newline < 0) return -1
      this.#line = ''
      start = newline + 1
    }
  }
}
