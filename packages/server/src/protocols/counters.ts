/** What is counted in each worker, whatever the protocol. */
export const commonCounters = [
  /** Connections taken. */
  'accepted',
  /** Connections that have ended; `accepted` less these are open. */
  'ended',
  /** Bytes received and sent. */
  'bytesIn',
  'bytesOut',
  /** Messages answered. */
  'requests',
  /** Messages refused: malformed or not authorised. */
  'refused',
  /** Messages refused for their size. */
  'tooLong',
  /** Connections closed in the middle of a message that took too long. */
  'slowMessages',
  /** Connections closed after a time without a byte. */
  'idle',
] as const

/** From a worker's row to the next: two cache lines at least, so that workers do not slow each other down. */
const rowAlignment = 16

/**
 * Counters of all workers, a row for each, in memory that they may share (a SharedArrayBuffer between threads, a mapped
 * file between processes). Each row has one writer; anybody may read at any time without asking. A counter is a double:
 * exact up to 2^53, and read whole on every machine that Node runs on.
 */
export class CounterTable {
  readonly names: readonly string[]
  readonly workers: number
  readonly #memory: Float64Array
  readonly #stride: number

  /** `memory` has at least `CounterTable.bytes(names, workers)` bytes, zeroed. */
  constructor(names: readonly string[], workers: number, memory: Float64Array) {
    if (memory.byteLength < CounterTable.bytes(names, workers)) throw new RangeError('memory too small for counters')
    this.names = names
    this.workers = workers
    this.#memory = memory
    this.#stride = strideFor(names)
  }

  /** How much memory a table needs. */
  static bytes(names: readonly string[], workers: number): number {
    return strideFor(names) * workers * Float64Array.BYTES_PER_ELEMENT
  }

  /** A table in memory that the threads of this process may share. */
  static inProcess(names: readonly string[], workers: number): CounterTable {
    return new CounterTable(names, workers, new Float64Array(new SharedArrayBuffer(CounterTable.bytes(names, workers))))
  }

  /** The counters of one worker, counted from 1. */
  row(worker: number): Counters {
    const start = (worker - 1) * this.#stride
    return new Counters(this, this.#memory.subarray(start, start + this.names.length))
  }

  /** A counter of one worker, counted from 1. */
  read(worker: number, name: string): number {
    return this.#memory[(worker - 1) * this.#stride + this.indexOf(name)] as number
  }

  /** A counter's sum over all workers. */
  total(name: string): number {
    const index = this.indexOf(name)
    let sum = 0
    for (let worker = 0; worker < this.workers; worker++) sum += this.#memory[worker * this.#stride + index] as number
    return sum
  }

  /** Where a counter stands in its row. Throws when there is none of that name. */
  indexOf(name: string): number {
    const index = this.names.indexOf(name)
    if (index < 0) throw new RangeError(`no counter '${name}'`)
    return index
  }
}

/** One worker's counters. */
export class Counters {
  readonly #table: CounterTable
  readonly #row: Float64Array

  constructor(table: CounterTable, row: Float64Array) {
    this.#table = table
    this.#row = row
  }

  /** A counter to count with, without looking its name up each time. */
  counter(name: string): Counter {
    return new Counter(this.#row, this.#table.indexOf(name))
  }

  /** How many workers there are counters for. */
  get workers(): number {
    return this.#table.workers
  }

  /** A counter's sum over all workers. */
  total(name: string): number {
    return this.#table.total(name)
  }
}

/** One counter of one worker, which alone writes to it. */
export class Counter {
  readonly #row: Float64Array
  readonly #index: number

  constructor(row: Float64Array, index: number) {
    this.#row = row
    this.#index = index
  }

  get value(): number {
    return this.#row[this.#index] as number
  }

  add(count = 1): void {
    this.#row[this.#index] = (this.#row[this.#index] as number) + count
  }
}

function strideFor(names: readonly string[]): number {
  return Math.ceil((names.length + rowAlignment) / rowAlignment) * rowAlignment
}
