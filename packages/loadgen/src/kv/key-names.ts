import { decimalLength, writeDecimal } from './decimal.js'

/** The keys of a run as they stand on the wire: `kv:SEED:NUMBER`, so that runs of different seeds do not meet. */
export class KeyNames {
  readonly #prefix: Uint8Array
  readonly #scratch = new Uint8Array(64)

  constructor(seed: number) {
    this.#prefix = Buffer.from(`kv:${seed}:`)
  }

  /** For messages. */
  text(key: number): string {
    return `${Buffer.from(this.#prefix).toString()}${key}`
  }

  length(key: number): number {
    return this.#prefix.length + decimalLength(key)
  }

  /** Writes a key at `memory[start]`, and returns where it ends. */
  write(memory: Uint8Array, start: number, key: number): number {
    memory.set(this.#prefix, start)
    return writeDecimal(memory, start + this.#prefix.length, key)
  }

  /** Where the key ends that stands at `memory[start]`; 0 where it is another one. */
  endOf(memory: Uint8Array, start: number, key: number): number {
    const length = this.write(this.#scratch, 0, key)
    for (let at = 0; at < length; at++) if (memory[start + at] !== this.#scratch[at]) return 0
    return start + length
  }
}
