import { controlWord, layOut, type RingShape } from './ring-shape.js'

const paused = 1
const closed = 2
/** The reader has stopped because too many slots of the connection are in flight. */
const starved = 4
/** A note about the connection is on its way to the reader. */
const noted = 8

/**
 * What the two threads say to each other of each connection: flags, and the other way round a ring of notes, each the
 * number of a connection whose flags have changed. A connection has at most one note in the ring, which so never fills.
 */
export class ConnectionNotes {
  readonly #control: Int32Array
  readonly #flags: number
  readonly #inFlight: number
  readonly #notes: number
  readonly #capacity: number
  #read = 0

  constructor(shape: RingShape) {
    const layout = layOut(shape)
    this.#control = new Int32Array(shape.control)
    this.#flags = layout.flags
    this.#inFlight = layout.inFlight
    this.#notes = layout.notes
    this.#capacity = shape.connections
  }

  // The answerer's side.

  /** The connection is not to be read until `resume`. */
  pause(connection: number): void {
    Atomics.or(this.#control, this.#flags + connection, paused)
  }

  resume(connection: number): void {
    Atomics.and(this.#control, this.#flags + connection, ~paused)
    this.#note(connection)
  }

  /** The connection is over for the answerer, which does not use its descriptor any more. */
  close(connection: number): void {
    Atomics.or(this.#control, this.#flags + connection, closed)
    this.#note(connection)
  }

  /** A slot of the connection has been taken. Returns whether the reader has something to do now. */
  taken(connection: number): boolean {
    Atomics.sub(this.#control, this.#inFlight + connection, 1)
    if ((Atomics.load(this.#control, this.#flags + connection) & starved) === 0) return false
    Atomics.and(this.#control, this.#flags + connection, ~starved)
    this.#note(connection)
    return true
  }

  #note(connection: number): void {
    if ((Atomics.or(this.#control, this.#flags + connection, noted) & noted) !== 0) return
    const position = Atomics.load(this.#control, controlWord.notesWritten)
    Atomics.store(this.#control, this.#notes + ((position >>> 0) % this.#capacity), connection)
    Atomics.store(this.#control, controlWord.notesWritten, (position + 1) | 0)
  }

  // The reader's side.

  get hasNews(): boolean {
    return this.#read !== Atomics.load(this.#control, controlWord.notesWritten)
  }

  /** The next connection whose flags have changed; only when there is news. */
  takeNote(): number {
    const connection = Atomics.load(this.#control, this.#notes + ((this.#read >>> 0) % this.#capacity))
    this.#read = (this.#read + 1) | 0
    // Before its flags are looked at: what changes from now on gets a note of its own.
    Atomics.and(this.#control, this.#flags + connection, ~noted)
    return connection
  }

  isPaused(connection: number): boolean {
    return (Atomics.load(this.#control, this.#flags + connection) & paused) !== 0
  }

  isClosed(connection: number): boolean {
    return (Atomics.load(this.#control, this.#flags + connection) & closed) !== 0
  }

  /** A number is used again for a new connection. The answerer has nothing to say of it yet. */
  reset(connection: number): void {
    Atomics.store(this.#control, this.#flags + connection, 0)
    Atomics.store(this.#control, this.#inFlight + connection, 0)
  }

  /** A slot of the connection has been filled. */
  filled(connection: number): void {
    Atomics.add(this.#control, this.#inFlight + connection, 1)
  }

  /** Whether `limit` slots are in flight; then the reader gets a note when that is over. */
  isStarved(connection: number, limit: number): boolean {
    if (Atomics.load(this.#control, this.#inFlight + connection) < limit) return false
    Atomics.or(this.#control, this.#flags + connection, starved)
    if (Atomics.load(this.#control, this.#inFlight + connection) >= limit) return true
    Atomics.and(this.#control, this.#flags + connection, ~starved)
    return false
  }
}
