import type { Output, ProtocolSession } from '../../src/protocols/protocol.js'

export interface ScriptedOutputOptions {
  /** Work takes until `finishWork` is called, as with `--delay`. */
  readonly delayed?: boolean
  /** Not ready while so many bytes or more are held; `drain` sends them. */
  readonly threshold?: number
  /** Pieces of input that come in one turn; 1 unless told. */
  readonly piecesPerTurn?: number
}

/** An output that writes down what a session does. */
export class ScriptedOutput implements Output {
  closed = false
  aborted: string | undefined
  stopsAsked = 0
  #written = Buffer.alloc(0)
  #held = 0
  #work: (() => void) | undefined
  #putOff: (() => void) | undefined
  readonly #options: ScriptedOutputOptions
  readonly piecesPerTurn: number

  constructor(options: ScriptedOutputOptions = {}) {
    this.#options = options
    this.piecesPerTurn = options.piecesPerTurn ?? 1
  }

  get ready(): boolean {
    return (
      !this.closed && this.#work === undefined && this.#held < (this.#options.threshold ?? Number.POSITIVE_INFINITY)
    )
  }

  get written(): Buffer {
    return this.#written
  }

  /** What was written since the last call, as text. */
  take(): string {
    const text = this.#written.toString('latin1')
    this.#written = Buffer.alloc(0)
    return text
  }

  /** The same as bytes. */
  takeBytes(): Uint8Array {
    const bytes = this.#written
    this.#written = Buffer.alloc(0)
    return bytes
  }

  write(bytes: Uint8Array): void {
    if (this.closed) return
    this.#written = Buffer.concat([this.#written, bytes])
    this.#held += bytes.length
  }

  close(): void {
    this.closed = true
  }

  abort(reason: string): void {
    this.closed = true
    this.aborted = reason
  }

  stopServer(): void {
    this.stopsAsked++
  }

  work(then: () => void): void {
    if (this.#options.delayed) this.#work = then
    else then()
  }

  /** The delay is over. Returns whether there was one. */
  finishWork(): boolean {
    const then = this.#work
    this.#work = undefined
    then?.()
    return then !== undefined
  }

  atTurnEnd(then: () => void): void {
    if (this.#putOff !== undefined) throw new Error('a session has put off twice')
    this.#putOff = then
  }

  get waitsForTurn(): boolean {
    return this.#putOff !== undefined
  }

  /** Everything that comes in this turn has come. */
  endTurn(): void {
    const then = this.#putOff
    this.#putOff = undefined
    then?.()
  }

  /** The client has read everything. */
  drain(): void {
    this.#held = 0
  }
}

/** Gives a session input in pieces, as a model does: what is not taken is offered again, together with what follows. */
export function converse(session: ProtocolSession, output: ScriptedOutput, pieces: readonly Uint8Array[]): void {
  session.open?.(output)
  let left: Buffer = Buffer.alloc(0)
  for (const [index, piece] of pieces.entries()) {
    const isLast = index === pieces.length - 1 || (index + 1) % output.piecesPerTurn === 0
    left = offer(session, output, Buffer.concat([left, piece]), isLast)
  }
  if (left.length > 0 && !output.closed) throw new Error(`${left.length} bytes were never taken`)
}

/** Then the client's FIN. */
export function converseToEnd(session: ProtocolSession, output: ScriptedOutput, pieces: readonly Uint8Array[]): void {
  converse(session, output, pieces)
  if (output.closed) return
  session.end(output)
  for (let round = 0; proceed(session, output); round++) {
    if (round > 10_000) throw new Error('the session does not come to its end')
  }
}

/** Gives a session input, and, when the turn is over, brings it to where it has nothing more to do. */
function offer(session: ProtocolSession, output: ScriptedOutput, bytes: Buffer, isLast: boolean): Buffer {
  let left = give(session, output, bytes)
  if (!isLast) return left
  while (proceed(session, output)) left = give(session, output, left)
  return left
}

/** Gives a session input, as far as it takes any, and returns what is left of it. */
function give(session: ProtocolSession, output: ScriptedOutput, bytes: Buffer): Buffer {
  if (bytes.length === 0 || !output.ready) return bytes
  // A lent buffer is the model's again after the call.
  const lent = Buffer.from(bytes)
  const taken = session.receive(lent, output)
  lent.fill(0xee)
  return bytes.subarray(taken)
}

/** Several conversations at once: in each turn every session is given its next piece, and then the turn ends. */
export function converseTogether(
  conversations: readonly { session: ProtocolSession; output: ScriptedOutput; pieces: readonly Uint8Array[] }[]
): void {
  const all = conversations.map(conversation => ({ ...conversation, left: Buffer.alloc(0) as Buffer }))
  const turns = Math.max(...all.map(({ pieces }) => pieces.length))
  for (let turn = 0; turn < turns; turn++) {
    for (const one of all) {
      const piece = one.pieces[turn] ?? Buffer.alloc(0)
      one.left = give(one.session, one.output, Buffer.concat([one.left, piece]))
    }
    for (let busy = true; busy; ) {
      busy = false
      for (const one of all) busy = proceed(one.session, one.output) || busy
      for (const one of all) one.left = give(one.session, one.output, one.left)
    }
  }
}

/** Ends the turn, or makes an output ready that was not and resumes the session. Returns whether there was something to do. */
function proceed(session: ProtocolSession, output: ScriptedOutput): boolean {
  if (output.waitsForTurn) {
    output.endTurn()
    return true
  }
  if (output.closed || output.ready) return false
  output.finishWork()
  output.drain()
  if (output.ready && !output.waitsForTurn) session.resume?.(output)
  return true
}
