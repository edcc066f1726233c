import { grouped } from '../grouped.js'
import { locatableBytes, locate, type Place } from './locate.js'
import type { Payload } from './payload.js'

/** Bytes shown before the first difference, and from it on. */
const before = 32
/** How many bytes of what was received it takes, from the first difference on, for a full report. */
export const mismatchBytes = 64

/** The first wrong byte of a connection, with what stood around it. */
export interface Mismatch {
  /** Offset of the first wrong byte in the connection's stream. */
  readonly offset: number
  /** Offset of the first byte of `expected` and `received`. */
  readonly windowStart: number
  /** What had to come, as hexadecimal digits. Ends where the bytes end that were sent. */
  readonly expected: string
  /** What came, as hexadecimal digits. */
  readonly received: string
  /** What seems to have happened: bytes altered, lost, repeated, or taken from another connection. */
  readonly explanation: string
}

/** What the other connections of the run have sent: connection number and bytes. */
export type SentByConnection = Iterable<readonly [connection: number, sent: number]>

/**
 * Describes a mismatch at `offset` of a stream of which `sent` bytes are on their way. `received` holds what came from
 * the first wrong byte on, `mismatchBytes` of it where the server sent that much.
 */
export function describeMismatch(
  stream: Payload,
  offset: number,
  sent: number,
  received: Uint8Array,
  others: SentByConnection
): Mismatch {
  const windowStart = Math.max(0, offset - before)
  const expected = new Uint8Array(Math.max(0, Math.min(offset + received.length, sent) - windowStart))
  stream.fill(expected, 0, expected.length, windowStart)
  const shown = received.subarray(0, mismatchBytes)
  return {
    offset,
    windowStart,
    expected: hex(expected.subarray(0, offset - windowStart + shown.length)),
    received: hex(expected.subarray(0, offset - windowStart)) + hex(shown),
    explanation: explain(stream, offset, sent, received, expected.subarray(offset - windowStart), others),
  }
}

function explain(
  stream: Payload,
  offset: number,
  sent: number,
  received: Uint8Array,
  expected: Uint8Array,
  others: SentByConnection
): string {
  const surplus = offset >= sent
  const { seed, connection, charset } = stream.identity
  const altered = surplus ? undefined : alteredBytes(received, expected)
  const place = charset === undefined ? locateAnywhere(received, seed, connection, sent, others) : undefined
  if (altered !== undefined) {
    const change = `sent ${byteText(expected[0])}, got ${byteText(received[0])}`
    return altered === 1
      ? `one byte was altered (${change}); the next ones are right`
      : `up to ${altered} bytes in a row were altered (the first: ${change}); the next ones are right`
  }
  const source = place === undefined ? undefined : describePlace(place, connection, offset)
  if (surplus) return `more came back than was sent${source === undefined ? '' : `: ${source}`}`
  if (source !== undefined) return source
  if (received.length >= 8 && received.every(byte => byte === 0)) return 'zeros came instead'
  return `sent ${byteText(expected[0])}, got ${byteText(received[0])}; where the bytes come from is not recognisable`
}

/** How many bytes differ before everything is right again to the end; undefined when it does not become right. */
export function alteredBytes(received: Uint8Array, expected: Uint8Array): number | undefined {
  const length = Math.min(received.length, expected.length)
  let last = length - 1
  while (last >= 0 && received[last] === expected[last]) last--
  return length - 1 - last >= 8 ? last + 1 : undefined
}

/** Looks for the source of the first bytes that have one, in the own stream first. */
function locateAnywhere(
  received: Uint8Array,
  seed: number,
  connection: number,
  sent: number,
  others: SentByConnection
): (Place & { readonly skipped: number }) | undefined {
  for (let skipped = 0; skipped + locatableBytes <= received.length; skipped++) {
    const place = locate(received, skipped, seed, connection, sent)
    if (place !== undefined) return { ...place, skipped }
  }
  for (const [other, sentByOther] of others) {
    const place = locate(received, 0, seed, other, sentByOther)
    if (place !== undefined) return { ...place, skipped: 0 }
  }
  return undefined
}

function describePlace(place: Place & { readonly skipped: number }, connection: number, offset: number): string {
  const at = `offset ${grouped(place.offset)}`
  if (place.connection !== connection) return `the bytes of another connection came: number ${place.connection}, ${at}`
  const distance = place.offset - (offset + place.skipped)
  const lead = place.skipped === 0 ? '' : `${place.skipped} wrong ${place.skipped === 1 ? 'byte' : 'bytes'}, then `
  if (distance > 0)
    return `${lead}${bytes(distance)} ${distance === 1 ? 'is' : 'are'} missing: the stream goes on at ${at}`
  if (distance === -place.skipped && place.skipped > 0) {
    return `${bytes(place.skipped)} that ${place.skipped === 1 ? 'was' : 'were'} never sent came in between; the next ones are right`
  }
  if (distance < 0) return `${lead}${bytes(-distance)} earlier in the stream came again, from ${at} on`
  return `${bytes(place.skipped)} ${place.skipped === 1 ? 'was' : 'were'} altered; the next ones are right`
}

function bytes(count: number): string {
  return count === 1 ? '1 byte' : `${grouped(count)} bytes`
}

/** A byte as it stands in messages: `0x0d`. */
export function byteText(byte: number | undefined): string {
  return `0x${(byte ?? 0).toString(16).padStart(2, '0')}`
}

function hex(memory: Uint8Array): string {
  return Buffer.from(memory.buffer, memory.byteOffset, memory.byteLength).toString('hex')
}
