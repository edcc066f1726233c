import { decimalLength, writeDecimal } from './decimal.js'
import type { KeyNames } from './key-names.js'
import { flagsOf, type Item } from './value-content.js'
import type { Write } from './write-history.js'

const get = Buffer.from('get ')
const set = Buffer.from('set ')
const lineEnd = Buffer.from('\r\n')

/** Bytes that a command takes at most, its value left out. */
export const longestCommandLine = 128

/** Digits that flags have, nearly always. */
const flagsLength = 10

/** The commands of memcached's text protocol that are used, as bytes. */
export class Commands {
  readonly #names: KeyNames
  /** Behind the flags of each set, up to the length. */
  readonly #expiry: Uint8Array

  /** `expiry` in whole seconds; 0: never. */
  constructor(names: KeyNames, expiry: number) {
    this.#names = names
    this.#expiry = Buffer.from(` ${expiry} `)
  }

  getLength(key: number): number {
    return get.length + this.#names.length(key) + lineEnd.length
  }

  /** Of the whole command with its value; by a digit or two more than it is where the flags happen to be low. */
  setLength(key: number, size: number): number {
    const line = set.length + this.#names.length(key) + 1 + flagsLength + this.#expiry.length + decimalLength(size)
    return line + lineEnd.length + size + lineEnd.length
  }

  /** Writes a whole get at `memory[start]`, and returns where it ends. */
  writeGet(memory: Uint8Array, start: number, key: number): number {
    return put(memory, this.#names.write(memory, put(memory, start, get), key), lineEnd)
  }

  /** Writes the line of a set, which its value and `writeLineEnd` have to follow. */
  writeSet(memory: Uint8Array, start: number, { key, version }: Write, { size }: Item): number {
    let at = this.#names.write(memory, put(memory, start, set), key)
    memory[at++] = 0x20
    at = writeDecimal(memory, at, flagsOf(version))
    at = writeDecimal(memory, put(memory, at, this.#expiry), size)
    return put(memory, at, lineEnd)
  }

  writeLineEnd(memory: Uint8Array, start: number): number {
    return put(memory, start, lineEnd)
  }
}

function put(memory: Uint8Array, start: number, bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length; at++) memory[start + at] = bytes[at] as number
  return start + bytes.length
}
