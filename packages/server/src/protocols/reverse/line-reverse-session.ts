import { ascii, textOf } from '../ascii.js'
import { MessageSession } from '../message-session.js'
import type { ConnectionInfo, Output } from '../protocol.js'
import { workOn } from '../work-on.js'
import { isExit, longestExit, type ReverseWorker } from './reverse-worker.js'

/** Writes back each line with its bytes in reverse order; the newline stays last. */
export class LineReverseSession extends MessageSession {
  readonly #worker: ReverseWorker

  constructor(worker: ReverseWorker, connection: ConnectionInfo) {
    super({ terminator: ascii.lineFeed, maximum: worker.maxLine, name: 'line' }, worker.refusals, connection)
    this.#worker = worker
  }

  /** A last line without its newline is a line as well. */
  end(output: Output): void {
    const line = this.takeRest()
    if (line.length === 0) {
      output.close()
      return
    }
    this.messages++
    this.#answer(line, output, line => {
      output.write(this.#worker.reverser.reverse(line))
      output.close()
    })
  }

  protected take(line: Uint8Array, output: Output): void {
    this.#answer(line, output, line => output.write(this.#worker.reverser.reverseBefore(line, ascii.lineFeed)))
  }

  #answer(line: Uint8Array, output: Output, write: (line: Uint8Array) => void): void {
    this.#worker.requests.add()
    if (this.#worker.allowExit && line.length <= longestExit && isExit(textOf(line))) {
      output.stopServer()
      output.close()
    } else {
      workOn(line, output, write)
    }
  }
}
