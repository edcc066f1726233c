import { isAscii } from 'node:buffer'
import { ascii, isText } from '../ascii.js'
import type { Counter } from '../counters.js'
import { MessageSplitter } from '../message-splitter.js'
import type { ConnectionInfo, Lateness, Output, ProtocolSession } from '../protocol.js'
import type { Refusals } from '../refusals.js'

const acknowledgement = Buffer.from('ack')

/** What the connections of a worker share. */
interface AckWorker {
  readonly refusals: Refusals
  readonly requests: Counter
  /** Bytes. */
  readonly maxMessage: number
}

export class AckSession implements ProtocolSession {
  messages = 0
  readonly #worker: AckWorker
  readonly #connection: ConnectionInfo
  readonly #splitter: MessageSplitter

  constructor(worker: AckWorker, connection: ConnectionInfo) {
    this.#worker = worker
    this.#connection = connection
    this.#splitter = new MessageSplitter(ascii.endOfText, worker.maxMessage)
  }

  get heldBytes(): number {
    return this.#splitter.heldBytes
  }

  get inMessage(): boolean {
    return this.#splitter.heldBytes > 0
  }

  receive(bytes: Uint8Array, output: Output): number {
    let at = 0
    while (at < bytes.length && output.ready) at = this.#read(bytes, at, output)
    return at
  }

  end(output: Output): void {
    if (this.inMessage) this.#refuse('the last message has no end (ETX)', output)
    else output.close()
  }

  timeOut(lateness: Lateness, output: Output): void {
    this.#worker.refusals.late(lateness, 'message', this.#connection, output)
  }

  /** Reads up to the end of a message, and returns where it ends. */
  #read(bytes: Uint8Array, start: number, output: Output): number {
    const splitter = this.#splitter
    const allowed = this.#worker.maxMessage - splitter.heldBytes
    const result = splitter.read(bytes, start)
    // Of a message with both faults the one that comes first counts, wherever the reads cut it.
    if (!isAscii(bytes.subarray(start, Math.min(splitter.end, start + allowed)))) {
      this.#refuse('a byte above 127 in a message that has to be ASCII', output)
    } else if (result === 'too-long') {
      this.#worker.refusals.tooLong('message', this.#connection, output)
    } else if (result === 'complete') {
      this.#take(splitter.message, output)
    }
    return splitter.end
  }

  #take(message: Uint8Array, output: Output): void {
    this.messages++
    if (isText(message, 'goodbye')) {
      output.close()
      return
    }
    output.work(() => {
      this.#worker.requests.add()
      output.write(acknowledgement)
    })
  }

  #refuse(reason: string, output: Output): void {
    this.#splitter.clear()
    this.#worker.refusals.refuse(reason, this.#connection, output)
  }
}
