import { MessageSplitter } from './message-splitter.js'
import type { ConnectionInfo, Lateness, Output, ProtocolSession } from './protocol.js'
import type { Refusals } from './refusals.js'

/** How the messages of a protocol are told apart. */
export interface MessageFrame {
  /** The byte after each message. */
  readonly terminator: number
  /** The longest message, without its terminator, in bytes. */
  readonly maximum: number
  /** What a message is called, as `line`. */
  readonly name: string
}

/** A conversation in messages that each end with a terminator, taken one after the other as the output is ready. */
export abstract class MessageSession implements ProtocolSession {
  messages = 0
  protected readonly connection: ConnectionInfo
  readonly #frame: MessageFrame
  readonly #refusals: Refusals
  readonly #splitter: MessageSplitter

  constructor(frame: MessageFrame, refusals: Refusals, connection: ConnectionInfo) {
    this.connection = connection
    this.#frame = frame
    this.#refusals = refusals
    this.#splitter = new MessageSplitter(frame.terminator, frame.maximum)
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

  timeOut(lateness: Lateness, output: Output): void {
    this.#refusals.late(lateness, this.#frame.name, this.connection, output)
  }

  abstract end(output: Output): void

  /** A message is complete. It is lent for the call. */
  protected abstract take(message: Uint8Array, output: Output): void

  /** What is wrong with a part of a message, whatever its rest may be; to be overridden where something can be. */
  protected faultOf(_bytes: Uint8Array, _start: number, _end: number): string | undefined {
    return undefined
  }

  /** Ends the conversation. */
  protected refuse(reason: string, output: Output): void {
    this.#splitter.clear()
    this.#refusals.refuse(reason, this.connection, output)
  }

  /** What has come of a message that will not be completed any more. */
  protected takeRest(): Uint8Array {
    return this.#splitter.takeRest()
  }

  /** Reads up to the end of a message, and returns where it ends. */
  #read(bytes: Uint8Array, start: number, output: Output): number {
    const splitter = this.#splitter
    const { maximum, name } = this.#frame
    const allowed = maximum - splitter.heldBytes
    const result = splitter.read(bytes, start)
    // Of a message with both faults the one that comes first counts, wherever the reads cut it.
    const fault = this.faultOf(bytes, start, Math.min(splitter.end, start + allowed))
    if (fault !== undefined) this.refuse(fault, output)
    else if (result === 'too-long') this.#refusals.tooLong(name, this.connection, output)
    else if (result === 'complete') {
      this.messages++
      this.take(splitter.message, output)
    }
    return splitter.end
  }
}
