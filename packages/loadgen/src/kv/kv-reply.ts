import type { ExpectedReply, ReplyFault } from '../protocols/expected-reply.js'
import { endOfDigits, readDecimal } from './decimal.js'
import type { KeyNames } from './key-names.js'
import type { KeySpace } from './key-space.js'
import { bodyFault, type FaultTeller, headerFault, lineFault, staleFault, tailFault } from './kv-fault.js'
import type { Request } from './request.js'
import { flagsOf, type Header, headerBytes, type Item, type ValueContent } from './value-content.js'
import type { WriteHistory } from './write-history.js'

/** A line that is longer is none. */
const longestLine = 2048

const newline = 10
const carriageReturn = 13
const space = 0x20

const stored = Buffer.from('STORED\r\n')
const end = Buffer.from('END\r\n')
const value = Buffer.from('VALUE ')
/** What stands behind a value's bytes. */
const tail = Buffer.from('\r\nEND\r\n')

/** What replies are judged by. */
export interface KvContext {
  readonly names: KeyNames
  readonly values: ValueContent
  readonly history: WriteHistory
  readonly space: KeySpace
  /** A get that finds nothing is wrong. */
  readonly expectHits: boolean
}

/**
 * The reply to one request after the other, recognised and verified piece by piece. It keeps the bytes of a line that
 * has not come whole, and the header of a value; the rest of a value is verified where it lies.
 */
export class KvReply implements ExpectedReply {
  state: 'incomplete' | 'right' | 'wrong' = 'incomplete'
  /** The get has found its key. */
  hit = false
  readonly #context: KvContext
  readonly #header = new Uint8Array(headerBytes)
  #request: Request | undefined
  #part: 'line' | 'header' | 'body' | 'tail' = 'line'
  /** What has come of the line, where it did not come whole; or the line that is wrong. */
  #line: Buffer | undefined
  #lineLength = 0
  #item: Item = { key: 0, flags: 0, size: 0 }
  /** Bytes of the value, or of what stands behind it, that have come. */
  #done = 0
  #fault: FaultTeller | undefined

  constructor(context: KvContext) {
    this.#context = context
  }

  /** What comes from now on answers this request. */
  expect(request: Request): void {
    this.#request = request
    this.state = 'incomplete'
    this.hit = false
    this.#part = 'line'
    this.#line = undefined
  }

  get request(): Request {
    return this.#request as Request
  }

  /** The beginning, as far as it tells what kind of reply it is: the line, not the value. */
  get taken(): Uint8Array {
    return this.#line ?? Buffer.alloc(0)
  }

  get binary(): boolean {
    return this.#part !== 'line'
  }

  read(bytes: Uint8Array, start: number): number {
    let at = start
    while (this.state === 'incomplete' && at < bytes.length) {
      if (this.#part === 'line') at = this.#readLine(bytes, at)
      else if (this.#part === 'header') at = this.#readHeader(bytes, at)
      else if (this.#part === 'body') at = this.#readBody(bytes, at)
      else at = this.#readTail(bytes, at)
    }
    return at
  }

  #readLine(bytes: Uint8Array, start: number): number {
    let at = start
    while (at < bytes.length && bytes[at] !== newline) at++
    if (at < bytes.length) at++
    const whole = at > start && bytes[at - 1] === newline
    if (whole && this.#line === undefined) this.#judgeLine(bytes, start, at)
    else {
      // A copy: the bytes lie in a block that is used again.
      this.#line = Buffer.concat([this.#line ?? Buffer.alloc(0), bytes.subarray(start, at)])
      if (whole) this.#judgeLine(this.#line, 0, this.#line.length)
      else if (this.#line.length > longestLine) this.#refuseLine(this.#line, 0, this.#line.length)
    }
    return at
  }

  #judgeLine(line: Uint8Array, from: number, to: number): void {
    this.#lineLength = to - from
    if (this.request.write !== undefined) {
      if (isSame(line, from, to, stored)) this.state = 'right'
      else this.#refuseLine(line, from, to)
    } else if (this.#startsValue(line, from, to)) {
      this.hit = true
      this.#done = 0
      this.#part = this.#item.size >= headerBytes ? 'header' : 'body'
    } else if (isSame(line, from, to, end) && !this.#context.expectHits) this.state = 'right'
    else this.#refuseLine(line, from, to)
  }

  /** Reads `VALUE <key> <flags> <bytes>\r\n`, whose key is the one that was asked for. */
  #startsValue(line: Uint8Array, from: number, to: number): boolean {
    if (!startsWith(line, from, value)) return false
    const keyEnd = this.#context.names.endOf(line, from + value.length, this.request.key)
    const flagsEnd = endOfDigits(line, keyEnd + 1, to)
    const sizeEnd = endOfDigits(line, flagsEnd + 1, to)
    const isFormed = keyEnd > 0 && line[keyEnd] === space && flagsEnd > keyEnd + 1 && line[flagsEnd] === space
    if (!isFormed || sizeEnd === flagsEnd + 1 || sizeEnd !== to - 2 || line[sizeEnd] !== carriageReturn) return false
    const flags = readDecimal(line, keyEnd + 1, flagsEnd)
    const size = readDecimal(line, flagsEnd + 1, sizeEnd)
    this.#item = { key: this.request.key, flags, size }
    return flags < 2 ** 32 && size < 2 ** 32
  }

  #readHeader(bytes: Uint8Array, start: number): number {
    let at = start
    while (at < bytes.length && this.#done < headerBytes) this.#header[this.#done++] = bytes[at++] as number
    if (this.#done < headerBytes) return at
    this.#part = this.#item.size > headerBytes ? 'body' : 'tail'
    if (this.#part === 'tail') this.#done = 0
    this.#judgeHeader(this.#context.values.readHeader(this.#header, 0))
    return at
  }

  #judgeHeader(header: Header | undefined): void {
    const { key, floor } = this.request
    const { history, space } = this.#context
    const isRight =
      header !== undefined &&
      header.key === key &&
      header.size === this.#item.size &&
      flagsOf(header.version) === this.#item.flags
    if (!isRight) this.#refuse(headerFault(this.#place, this.#header))
    else if (header.version < floor) this.#refuse(staleFault(this.#place, floor, header.version))
    else history.see(header, space.isOwn(key))
  }

  /** A value without a header: its flags have the lower half of the version. */
  #judgeFlags(): void {
    const { key, floor } = this.request
    const { history, space } = this.#context
    if (floor === 0 || !space.isOwn(key)) return
    // The lowest version that it can be; a set of the distant past would lie ahead of all that were sent.
    const version = floor + ((this.#item.flags - flagsOf(floor) + 2 ** 32) % 2 ** 32)
    if (version > history.lastVersion) this.#refuse(staleFault(this.#place, floor, undefined))
  }

  #readBody(bytes: Uint8Array, start: number): number {
    const length = Math.min(bytes.length - start, this.#item.size - this.#done)
    const { values } = this.#context
    const right = values.mismatch(bytes, start, length, this.#done, this.#item)
    if (right !== -1) {
      this.#done += right
      this.#refuse(bodyFault(this.#place, this.#header, this.#done))
      return start + right
    }
    this.#done += length
    if (this.#done === this.#item.size) {
      this.#part = 'tail'
      this.#done = 0
      if (this.#item.size < headerBytes) this.#judgeFlags()
    }
    return start + length
  }

  #readTail(bytes: Uint8Array, start: number): number {
    let at = start
    while (at < bytes.length && this.#done < tail.length && bytes[at] === tail[this.#done]) {
      at++
      this.#done++
    }
    if (this.#done === tail.length) this.state = 'right'
    else if (at < bytes.length) this.#refuse(tailFault(this.#place, this.#done))
    return at
  }

  get #place() {
    const { names, values } = this.#context
    return { names, values, item: this.#item, lineLength: this.#lineLength }
  }

  #refuseLine(line: Uint8Array, from: number, to: number): void {
    this.#line = Buffer.from(line.subarray(from, to))
    const { names, expectHits } = this.#context
    this.#refuse(lineFault(this.#line, this.request, names, expectHits))
  }

  #refuse(fault: FaultTeller): void {
    this.state = 'wrong'
    this.#fault = fault
  }

  fault(offset: number, rest: Uint8Array): ReplyFault {
    return (this.#fault as FaultTeller)(offset, rest)
  }
}

function isSame(line: Uint8Array, from: number, to: number, expected: Uint8Array): boolean {
  return to - from === expected.length && startsWith(line, from, expected)
}

function startsWith(line: Uint8Array, from: number, expected: Uint8Array): boolean {
  for (let at = 0; at < expected.length; at++) if (line[from + at] !== expected[at]) return false
  return true
}
