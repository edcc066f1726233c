import { deserialize, serialize } from 'node:v8'

const lineFeed = 0x0a

/** A message as one line of text, for a stream; anything that survives structured cloning does. */
export function toLine(message: unknown): string {
  return `${serialize(message).toString('base64')}\n`
}

/** Puts the messages of such a stream together, however it is cut. */
export class MessageLines {
  #rest = Buffer.alloc(0)

  /** The messages that are complete now. */
  take(bytes: Buffer): unknown[] {
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes])
    const messages: unknown[] = []
    for (let end = rest.indexOf(lineFeed); end >= 0; end = rest.indexOf(lineFeed)) {
      messages.push(deserialize(Buffer.from(rest.toString('latin1', 0, end), 'base64')))
      rest = rest.subarray(end + 1)
    }
    this.#rest = Buffer.from(rest)
    return messages
  }
}
