import { grouped } from '../grouped.js'
import { alteredBytes, byteText, mismatchBytes } from '../payload/mismatch.js'
import type { ReplyFault } from '../protocols/expected-reply.js'
import type { KeyNames } from './key-names.js'
import type { Request } from './request.js'
import { headerBytes, type Item, type ValueContent } from './value-content.js'

/** Bytes shown before the first difference. */
const before = 32

/** Characters of a wrong line that a failure quotes. */
const quotedLength = 80

const tail = Buffer.from('\r\nEND\r\n')

/** Tells a fault when the bytes behind it are known: `offset` is where the reply begins in the stream. */
export type FaultTeller = (offset: number, rest: Uint8Array) => ReplyFault

/** The item in which something is wrong. */
export interface FaultyItem {
  readonly names: KeyNames
  readonly values: ValueContent
  readonly item: Item
  /** Bytes of the reply before the value. */
  readonly lineLength: number
}

/** The first wrong byte of a reply, and what had to come round it. */
interface Difference {
  /** Within the reply, as is `windowStart`. */
  readonly at: number
  readonly windowStart: number
  /** From `windowStart` on. */
  readonly expected: Uint8Array
  readonly received: Uint8Array
  readonly explanation: string
}

function tell(offset: number, difference: Difference): ReplyFault {
  const { at, windowStart, expected, received, explanation } = difference
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex', 0, at - windowStart + mismatchBytes)
  return {
    story: `wrong bytes at offset ${grouped(offset + at)}: ${explanation}`,
    mismatch: {
      offset: offset + at,
      windowStart: offset + windowStart,
      expected: hex(expected.subarray(0, received.length)),
      received: hex(received),
      explanation,
    },
  }
}

/** A line that is not one of those that may answer the request. */
export function lineFault(line: Buffer, { key, write }: Request, names: KeyNames, expectHits: boolean): FaultTeller {
  const name = names.text(key)
  const words = line.toString('latin1', 0, quotedLength).trimEnd()
  const missing = write === undefined && expectHits && words === 'END'
  const isValue = missing || words.startsWith('V')
  const expected = Buffer.from(write !== undefined ? 'STORED\r\n' : isValue ? `VALUE ${name} ` : 'END\r\n')
  const [, other] = /^VALUE (\S+) /.exec(words) ?? []
  const command = write === undefined ? 'a get' : 'a set'
  const explanation = missing
    ? `${command} of key ${name}: it is not there, and every key has to be (--expect-hits)`
    : write === undefined && other !== undefined && other !== name
      ? `${command} of key ${name}: the reply is for key ${other}`
      : `${command} of key ${name}: ${JSON.stringify(words)} is no answer to that`
  return (offset, rest) => {
    const received = Buffer.concat([line, rest])
    let at = 0
    while (at < expected.length && received[at] === expected[at]) at++
    return tell(offset, { at, windowStart: 0, expected, received, explanation })
  }
}

/** The beginning of a value, which has come whole, does not fit the item, or itself. */
export function headerFault(faulty: FaultyItem, header: Uint8Array): FaultTeller {
  const { values, item, lineLength, names } = faulty
  const said = values.readHeader(header, 0)
  const expected = values.expectedHeader(header, item)
  const differing = Array.from(header.keys()).filter(at => header[at] !== expected[at])
  const [first = 0] = differing
  const what =
    said !== undefined && said.key !== item.key
      ? `the value of another key came: ${names.text(said.key)}`
      : said !== undefined && said.size !== item.size
        ? `a part came of a value of ${grouped(said.size)} bytes`
        : said !== undefined
          ? 'the flags are not those that it was set with'
          : differing.length === 1
            ? `one byte was altered (sent ${byteText(expected[first])}, got ${byteText(header[first])})`
            : `the first ${headerBytes} bytes, which tell what set a value, do not fit each other`
  return (offset, rest) =>
    tell(offset, {
      ...{ at: lineLength + first, windowStart: lineLength, expected, received: Buffer.concat([header, rest]) },
      explanation: `${placeOf(faulty, first)}: ${what}`,
    })
}

/** Byte `at` of a value, behind its header where it has one, is wrong. */
export function bodyFault(faulty: FaultyItem, header: Uint8Array, at: number): FaultTeller {
  const { lineLength, item } = faulty
  return (offset, rest) => {
    const windowStart = Math.max(0, at - before)
    const expected = expectedBytes(faulty, header, windowStart, Math.min(item.size, at + rest.length))
    const right = expected.subarray(0, at - windowStart)
    const ours = rest.subarray(0, item.size - at)
    return tell(offset, {
      ...{ at: lineLength + at, windowStart: lineLength + windowStart },
      expected: Buffer.concat([expected, tail]),
      received: Buffer.concat([right, rest]),
      explanation: `${placeOf(faulty, at)}: ${explain(faulty, at, ours, expected.subarray(at - windowStart))}`,
    })
  }
}

function expectedBytes({ values, item }: FaultyItem, header: Uint8Array, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(to - from)
  const begin = item.size < headerBytes ? from : Math.max(from, headerBytes)
  if (from < begin) bytes.set(header.subarray(from, Math.min(to, begin)), 0)
  if (begin < to) values.fill(bytes, begin - from, to - begin, begin, item)
  return bytes
}

function explain({ values, item }: FaultyItem, at: number, received: Uint8Array, expected: Uint8Array): string {
  const altered = alteredBytes(received, expected)
  const change = `sent ${byteText(expected[0])}, got ${byteText(received[0])}`
  if (altered !== undefined) {
    return altered === 1
      ? `it was altered (${change}); the next ones are right`
      : `up to ${altered} bytes in a row were altered (the first: ${change}); the next ones are right`
  }
  if (values.isOtherVersion(received, at, item)) return 'from here on come the bytes of another set of the key'
  return change
}

/** Behind the value. */
export function tailFault(faulty: FaultyItem, at: number): FaultTeller {
  const { names, item, lineLength } = faulty
  const first = lineLength + item.size
  const length = `${grouped(item.size)} bytes`
  return (offset, rest) =>
    tell(offset, {
      ...{ at: first + at, windowStart: first, expected: tail },
      received: Buffer.concat([tail.subarray(0, at), rest]),
      explanation: `key ${names.text(item.key)}: something else than the end of the reply stands behind its ${length}`,
    })
}

/** A whole value that may not be shown any more. `version` is undefined where it does not tell it in full. */
export function staleFault(faulty: FaultyItem, floor: number, version: number | undefined): FaultTeller {
  const { names, item, lineLength } = faulty
  const age = version === undefined ? '' : ` ${grouped(Math.ceil((floor - version) / 1000))} ms or more`
  return offset => ({
    story: `wrong bytes at offset ${grouped(offset + lineLength)}: key ${names.text(item.key)}: a stale value: set${age} before another one that had replaced it when the get was sent`,
  })
}

function placeOf({ names, item }: FaultyItem, at: number): string {
  return `key ${names.text(item.key)}, byte ${grouped(at)} of ${grouped(item.size)}`
}
