import { ascii, textOf } from '../ascii.js'
import { MessageSplitter } from '../message-splitter.js'
import type { ConnectionInfo, Lateness, Output, ProtocolSession } from '../protocol.js'
import { workOn } from '../work-on.js'
import { isExit, longestExit, type ReverseWorker } from './reverse-worker.js'

/** Writes back each line with its bytes in reverse order; the newline stays last. */
export class LineReverseSession implements ProtocolSession {
  messages = 0
  readonly #worker: ReverseWorker
  readonly #connection: ConnectionInfo
  readonly #splitter: MessageSplitter

  constructor(worker: ReverseWorker, connection: ConnectionInfo) {
    this.#worker = worker
    this.#connection = connection
    this.#splitter = new MessageSplitter(ascii.lineFeed, worker.maxLine)
  }

  get heldBytes(): number {
    return this.#splitter.heldBytes
  }

  get inMessage(): boolean {
    return this.#splitter.heldBytes > 0
  }

  receive(bytes: Uint8Array, output: Output): number {
    const splitter = this.#splitter
    let at = 0
    while (at < bytes.length && output.ready) {
      const result = splitter.read(bytes, at)
      at = splitter.end
      if (result === 'complete') this.#take(splitter.message, output, line => this.#answer(line, output))
      else if (result === 'too-long') this.#worker.refusals.tooLong('line', this.#connection, output)
    }
    return at
  }

  /** A last line without its newline is a line as well. */
  end(output: Output): void {
    const line = this.#splitter.takeRest()
    if (line.length === 0) output.close()
    else
      this.#take(line, output, line => {
        output.write(this.#worker.reverser.reverse(line))
        output.close()
      })
  }

  timeOut(lateness: Lateness, output: Output): void {
    this.#worker.refusals.late(lateness, 'line', this.#connection, output)
  }

  #answer(line: Uint8Array, output: Output): void {
    output.write(this.#worker.reverser.reverseBefore(line, ascii.lineFeed))
  }

  #take(line: Uint8Array, output: Output, answer: (line: Uint8Array) => void): void {
    this.messages++
    this.#worker.requests.add()
    if (this.#worker.allowExit && line.length <= longestExit && isExit(textOf(line))) {
      output.stopServer()
      output.close()
    } else {
      workOn(line, output, answer)
    }
  }
}
