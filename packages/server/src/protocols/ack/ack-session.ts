import { isAscii } from 'node:buffer'
import { ascii, isText } from '../ascii.js'
import type { Counter } from '../counters.js'
import { MessageSession } from '../message-session.js'
import type { ConnectionInfo, Output } from '../protocol.js'
import type { Refusals } from '../refusals.js'

const acknowledgement = Buffer.from('ack')

/** What the connections of a worker share. */
interface AckWorker {
  readonly refusals: Refusals
  readonly requests: Counter
  /** Bytes. */
  readonly maxMessage: number
}

export class AckSession extends MessageSession {
  readonly #requests: Counter

  constructor({ refusals, requests, maxMessage }: AckWorker, connection: ConnectionInfo) {
    super({ terminator: ascii.endOfText, maximum: maxMessage, name: 'message' }, refusals, connection)
    this.#requests = requests
  }

  end(output: Output): void {
    if (this.inMessage) this.refuse('the last message has no end (ETX)', output)
    else output.close()
  }

  protected override faultOf(bytes: Uint8Array, start: number, end: number): string | undefined {
    return isAscii(bytes.subarray(start, end)) ? undefined : 'a byte above 127 in a message that has to be ASCII'
  }

  protected take(message: Uint8Array, output: Output): void {
    if (isText(message, 'goodbye')) {
      output.close()
      return
    }
    output.work(() => {
      this.#requests.add()
      output.write(acknowledgement)
    })
  }
}
