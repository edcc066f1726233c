import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownErrors } from './load-blame.js'
import { Patience, waitUntil } from './patience.js'
import { Blame, Doubt } from './verdict.js'

/** Lines of several lengths, each of its own letter. */
const lines = Buffer.from(
  Array.from({ length: 64 }, (_, index) => `${String.fromCharCode(0x61 + (index % 26)).repeat(index * 15 + 1)}\n`).join(
    ''
  )
)

/** How often a wait looks at what has been taken, in milliseconds. */
const lookEvery = 10

/**
 * A client that sends many lines at once and does not read until it is told to. Its answers are not looked at: what a
 * program makes of several lines in one read is its own affair.
 */
export class LineStream {
  readonly #socket: Socket
  readonly #port: number
  readonly #name: string
  #connected = false
  #ended = false
  #asked = 0
  #taken = 0
  #received = 0
  #left = 0
  #error: NodeJS.ErrnoException | undefined

  /** Begins to connect; `connected` tells how that went. */
  constructor({ host, port, name }: { readonly host: string; readonly port: number; readonly name: string }) {
    this.#port = port
    this.#name = name
    this.#socket = connect({ host, port, noDelay: true, allowHalfOpen: true })
    this.#socket.pause()
    this.#socket.on('connect', () => {
      this.#connected = true
    })
    this.#socket.on('error', error => {
      this.#error = error as NodeJS.ErrnoException
      this.#ended = true
    })
    for (const event of ['end', 'close']) {
      this.#socket.on(event, () => {
        this.#ended = true
      })
    }
  }

  /** Bytes that the kernel has taken; it may be a piece behind. */
  get taken(): number {
    return this.#taken
  }

  /** False when the kernel has taken all that was to be sent. */
  get hasMore(): boolean {
    return this.#taken < this.#asked
  }

  /** Waits for the connection. Throws a Blame when there is none, a Doubt when that is this machine's fault. */
  async connected(): Promise<void> {
    await waitUntil(() => this.#connected || this.#ended)
    if (this.#connected) return
    this.leave()
    const { code, message } = this.#error ?? {}
    if (code !== undefined && ownErrors.has(code)) throw new Doubt(`${this.#name} could not connect: ${message}`)
    const [kind, what] =
      code === undefined
        ? (['stall', `${this.#name} was not connected in time`] as const)
        : ([
            'connection',
            `${code === 'ECONNREFUSED' ? 'the connection was refused' : message} (${this.#name})`,
          ] as const)
    throw new Blame(kind, `port ${this.#port}: ${what}`, { port: this.#port, client: this.#name })
  }

  /** Begins to send `size` bytes, or a little more: whole lines. */
  send(size: number): void {
    this.#left = size
    this.#asked += size
    this.#write()
  }

  /** Waits until everything is taken, or nothing more has been for so many milliseconds; at most for `limit` of them. */
  async stuck(milliseconds: number, limit: number): Promise<void> {
    const deadline = performance.now() + limit
    await this.#still(
      milliseconds,
      () => this.#taken,
      () => this.#left <= 0 || performance.now() > deadline
    )
  }

  /**
   * Reads and forgets what comes, until nothing more has for so many milliseconds; at most for `limit` of them. Then it
   * does not read any more: a program that is slow would go on for a long time, and could not be seen to come to rest.
   */
  async read(milliseconds: number, limit: number): Promise<void> {
    const deadline = performance.now() + limit
    this.#socket.on('data', chunk => {
      this.#received += chunk.length
    })
    this.#socket.resume()
    await this.#still(
      milliseconds,
      () => this.#received,
      () => performance.now() > deadline
    )
    this.#socket.pause()
  }

  /** FIN behind what was sent, and nobody is there for the answers. */
  async end(): Promise<void> {
    this.#socket.end(() => this.#socket.destroy())
    await waitUntil(() => this.#socket.closed)
    this.leave()
  }

  /** RST. */
  reset(): void {
    this.#left = 0
    this.#socket.resetAndDestroy()
  }

  leave(): void {
    this.#left = 0
    this.#socket.destroy()
  }

  #write(): void {
    if (this.#left <= 0 || this.#ended) return
    this.#left -= lines.length
    this.#socket.write(lines, error => {
      if (error) return
      this.#taken += lines.length
      this.#write()
    })
  }

  async #still(milliseconds: number, progress: () => number, done: () => boolean): Promise<void> {
    const patience = new Patience(milliseconds)
    for (let last = progress(); !done() && !this.#ended && !patience.isExhausted(); ) {
      await sleep(lookEvery)
      if (progress() !== last) patience.renew()
      last = progress()
    }
  }
}
