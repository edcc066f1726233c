import { type Cipher, createCipheriv, createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { byteWindow } from './byte-window.js'
import { echo } from './echo-protocol.js'
import { type Difference, ExpectedBytes } from './expected-bytes.js'
import { bytes, count, hexByte, seconds } from './format.js'
import { describeStall, ownErrors } from './load-blame.js'
import { Patience, stallPatience } from './patience.js'
import { PiecewiseWriter } from './piecewise-writer.js'
import type { Expectation } from './protocol.js'
import { Blame, Doubt } from './verdict.js'

/** Where a client connects to, and as whom. */
export interface EchoClientOptions {
  readonly host: string
  readonly port: number
  /** For sentences about it: `client 17`, `the second client`. */
  readonly name: string
  /** Every client of one seed and name sends the same bytes; clients of other names send others. */
  readonly seed: number
  /** What has to come back; the same bytes when undefined. */
  readonly expectation?: Expectation
}

/** How often a wait looks whether patience is exhausted, in milliseconds. What happens on the socket wakes it at once. */
const lookEvery = 100

/** So many bytes in a row are not the same in two random strings by chance. */
const tellingLength = 8

/** How long the rest of a wrong answer is waited for, in milliseconds, so that the whole of it can be shown. */
const restTime = 300

/**
 * A client that expects its bytes back, for probes and for streams that go on while other things happen. Every
 * byte is compared as it arrives, however the replies are cut. What is wrong is thrown as a Blame.
 */
export class EchoClient {
  readonly name: string
  readonly port: number
  readonly #expectation: Expectation
  readonly #socket: Socket
  readonly #generator: Cipher
  readonly #writer: PiecewiseWriter
  readonly #expected = new ExpectedBytes()
  #sent = 0
  #problem: Blame | Doubt | undefined
  #lastSent: Buffer = Buffer.alloc(0)
  #lastExpected: Buffer = Buffer.alloc(0)
  /** What arrived since then, where the expectation can say more about it. */
  #received: Buffer[] = []
  /** The beginning of what came instead of what had to come. */
  unexpected: Buffer | undefined
  #connected = false
  #ended = false
  #lastProgress = 0
  #progress = 0
  #wake = () => {}

  /** Begins to connect; `connected` tells how that went. */
  constructor(options: EchoClientOptions) {
    this.name = options.name
    this.port = options.port
    this.#expectation = options.expectation ?? echo
    const key = createHash('sha256').update(`${options.seed} ${options.name} ${options.port}`).digest()
    // The key stream of a cipher: bytes of all values, without a period, the same ones for the same key.
    this.#generator = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
    this.#socket = connect({ host: options.host, port: options.port, noDelay: true, allowHalfOpen: true })
    this.#writer = new PiecewiseWriter(this.#socket, () => this.#wake())
    this.#socket.on('connect', () => {
      this.#connected = true
      this.#wake()
    })
    this.#socket.on('data', chunk => {
      if (this.#expectation.diagnose) this.#received.push(chunk)
      this.#take(chunk)
      this.#wake()
    })
    this.#socket.on('error', error => this.#lose(error as NodeJS.ErrnoException))
    for (const event of ['end', 'close']) {
      this.#socket.on(event, () => {
        this.#ended = true
        this.#wake()
      })
    }
  }

  /** Waits for the connection; throws a Blame when it is refused, or not established while patience lasts. */
  async connected(): Promise<void> {
    const patience = new Patience()
    while (!this.#connected) {
      if (this.#problem) throw this.#problem
      if (patience.isExhausted()) {
        this.leave()
        throw this.#blame('stall', `${this.name} was not connected within ${seconds(stallPatience)}`)
      }
      await this.#something()
    }
  }

  /**
   * Sends `length` bytes (or these very ones) and waits until they have all come back. Returns the milliseconds that
   * it took. Throws a Blame at the first wrong byte, when the connection ends, and when nothing moves any more.
   */
  async exchange(content: number | Uint8Array): Promise<number> {
    const startedAt = performance.now()
    this.#send(content)
    await this.#settle()
    return performance.now() - startedAt
  }

  /**
   * As `exchange`, but FIN follows right behind the last byte, so that the program may see both at once; then as
   * `finish`. What was sent before FIN is still to come back (RFC 9293, 3.6).
   */
  async exchangeLast(content: number | Uint8Array, limit: number): Promise<void> {
    this.#send(content)
    this.#writer.end()
    await this.#settle()
    await this.finish(limit)
  }

  /** Bytes that have come back as they should. */
  get verified(): number {
    return this.#expected.verified
  }

  /** True when what has to come back for the last string that it sent contains these bytes. */
  hasSent(content: Buffer): boolean {
    return this.#lastExpected.includes(content)
  }

  /** True when the connection is over. */
  get hasEnded(): boolean {
    return this.#ended
  }

  /** Throws a Blame when the connection has ended or anything wrong has arrived. */
  check(): void {
    if (this.#problem) throw this.#problem
    if (this.#ended) throw this.#endedEarly()
  }

  /**
   * Ends the conversation properly: FIN, then waits until the program has closed as well, so that nothing which it
   * still had to say is missed. Throws a Blame for bytes that nobody sent. A program that does not close within
   * `limit` milliseconds is left alone.
   */
  async finish(limit: number): Promise<void> {
    this.#socket.end()
    const patience = new Patience(limit)
    while (!this.#ended && !this.#problem && !patience.isExhausted()) await this.#something()
    const problem = this.#problem
    this.leave()
    if (problem instanceof Blame && problem.kind !== 'connection') throw problem
  }

  /** Closes the connection in whatever state it is. Does nothing when it has ended. */
  leave(): void {
    this.#forget()
    this.#socket.destroy()
  }

  #forget(): void {
    this.#socket.removeAllListeners('data')
    this.#expected.forget()
    this.#writer.forget()
  }

  #send(content: number | Uint8Array): void {
    const chunk = typeof content === 'number' ? this.#makeMessage(content) : Buffer.from(content)
    const answer = this.#expectation.answer(chunk)
    this.#expected.add(answer)
    this.#lastSent = chunk
    this.#lastExpected = answer
    this.#received = []
    this.#sent += chunk.length
    this.#writer.write(chunk)
  }

  #makeMessage(length: number): Buffer {
    return this.#expectation.message(this.#generator.update(Buffer.alloc(length)))
  }

  async #settle(): Promise<void> {
    const patience = new Patience()
    for (;;) {
      this.#noteProgress(patience)
      if (this.#problem) throw await this.#diagnosed(this.#problem)
      if (this.verified === this.#sent) return
      if (this.#ended) throw this.#endedEarly()
      if (patience.isExhausted()) throw await this.#diagnosed(this.#stalled())
      await this.#something()
    }
  }

  /** Puts a wrong answer, or a part of one, into the words of the expectation. */
  async #diagnosed(problem: Blame | Doubt): Promise<Blame | Doubt> {
    const received = () => Buffer.concat(this.#received)
    const { diagnose } = this.#expectation
    if (!diagnose || !(problem instanceof Blame) || problem.kind === 'connection' || this.#received.length === 0) {
      return problem
    }
    const patience = new Patience(restTime)
    while (received().length < this.#lastExpected.length && !this.#ended && !patience.isExhausted()) {
      await this.#something()
    }
    const what = diagnose({ sent: this.#lastSent, expected: this.#lastExpected, received: received() })
    return new Blame('bytes', `${this.name} ${what} (port ${this.port})`, problem.evidence)
  }

  /** Waits until something happens on the socket, or it is time to look at the patience. */
  #something(): Promise<void> {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, lookEvery)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  #noteProgress(patience: Patience): void {
    const progress = this.verified + this.#writer.taken
    if (progress === this.#progress) return
    this.#progress = progress
    this.#lastProgress = performance.now()
    patience.renew()
  }

  #take(chunk: Buffer): void {
    this.#lastProgress = performance.now()
    if (this.#problem) return
    const difference = this.#expected.compare(chunk)
    if (difference)
      this.#problem = difference.kind === 'surplus' ? this.#surplus(difference) : this.#mismatch(difference)
  }

  #mismatch({ offset, at, expected, actual }: Difference): Blame {
    if (actual.length - at >= tellingLength) this.unexpected = actual.subarray(at, at + tellingLength)
    const [wanted, got] = [hexByte(expected[at] ?? 0), hexByte(actual[at] ?? 0)]
    const position = count(offset + 1)
    const reason = `byte ${position} of ${this.name} differs (port ${this.port}): sent ${wanted}, got ${got}`
    return new Blame('bytes', reason, {
      port: this.port,
      client: this.name,
      offset,
      sent: byteWindow(expected, at),
      got: byteWindow(actual, at),
    })
  }

  #surplus({ actual }: Difference): Blame {
    const what = `${this.name} got ${bytes(actual.length)} more than the ${bytes(this.#sent)} that it sent`
    return this.#blame('bytes', what, { got: byteWindow(actual, 0) })
  }

  #stalled(): Blame {
    return this.#blame('stall', `${describeStall(this.#writer.taken, this.verified)} (${this.name})`)
  }

  #endedEarly(): Blame {
    const behind = this.#writer.isEnding ? ', whose FIN came right behind its last byte,' : ''
    const state =
      this.#sent === 0
        ? ' before it had sent anything'
        : `${behind} when ${count(this.verified)} of ${bytes(this.#sent)} were back`
    return this.#blame('connection', `the program closed the connection of ${this.name}${state}`)
  }

  #lose(error: NodeJS.ErrnoException): void {
    if (this.#problem) return
    const { code } = error
    if (code !== undefined && ownErrors.has(code)) {
      this.#problem = new Doubt(`${this.name} could not ${this.#connected ? 'go on' : 'connect'}: ${error.message}`)
    } else if (!this.#connected) {
      const what = code === 'ECONNREFUSED' ? 'the connection was refused' : error.message
      this.#problem = this.#blame('connection', `${what} (${this.name})`)
    } else {
      const what = code === 'ECONNRESET' || code === 'EPIPE' ? 'reset' : `lost (${code})`
      const state = `${count(this.verified)} of ${bytes(this.#sent)} were back`
      this.#problem = this.#blame('connection', `the connection of ${this.name} was ${what} when ${state}`)
    }
  }

  #blame(kind: Blame['kind'], what: string, evidence: Record<string, unknown> = {}): Blame {
    return new Blame(kind, `port ${this.port}: ${what}`, {
      port: this.port,
      client: this.name,
      sent: this.#sent,
      verified: this.verified,
      millisecondsSinceProgress: Math.round(performance.now() - this.#lastProgress),
      ...evidence,
    })
  }
}
