import { type Client, oneOf, within } from './client.js'

/** Asks and reads, over a protocol whose answers have an end that can be recognised. */
export class RawClient {
  readonly #client: Client
  #text = ''

  constructor(client: Client) {
    this.#client = client
  }

  /** Sends a request without waiting for anything. */
  send(request: string): void {
    void this.#client.write(Buffer.from(request, 'latin1')).catch(() => {})
  }

  /** Reads up to the end of the next answer. */
  async answer(end: RegExp): Promise<string> {
    const { socket } = this.#client
    const read = async () => {
      for (;;) {
        const match = end.exec(this.#text)
        if (match !== null) {
          const length = match.index + match[0].length
          const answer = this.#text.slice(0, length)
          this.#text = this.#text.slice(length)
          return answer
        }
        const part = socket.read() as Buffer | null
        if (part !== null) this.#text += part.toString('latin1')
        else if (socket.readableEnded || socket.destroyed) throw new Error(`ended after '${this.#text}'`)
        else await oneOf(socket, 'readable', 'end', 'close')
      }
    }
    return within('an answer', read(), () => `got '${this.#text.slice(0, 200)}'`)
  }

  /** One request, and its answer of one line. */
  async ask(request: string): Promise<string> {
    this.send(request)
    return this.answer(/\r?\n/)
  }
}
