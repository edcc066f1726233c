import { bytes, count, plural } from './format.js'
import type { Exchange } from './protocol.js'

/** Longer texts are shown in part: so many characters, the first of them so many before the one that matters. */
const shown = 24
const shownBefore = 4

/** A sentence's end, for an answer that is not the line reversed: `sent "abc\n", expected "cba\n", got "abc\n": …`. */
export function diagnoseReversal(exchange: Exchange): string {
  const { sent, expected, received } = exchange
  const at = firstDifference(expected, received)
  const got = received.length === 0 ? 'got nothing' : `got ${quote(received, at)}`
  const what = sent.length <= shown ? quote(sent, 0) : `a line of ${bytes(sent.length)}`
  return `sent ${what}, expected ${quote(expected, at)}, ${got}: ${whatIsWrong(exchange, at)}`
}

function whatIsWrong({ sent, expected, received }: Exchange, at: number): string {
  const body = expected.subarray(0, -1)
  if (received.equals(sent)) return 'nothing was reversed'
  if (received.equals(Buffer.from(sent).reverse())) {
    return 'the newline was reversed too: it came first, and its place is at the end'
  }
  if (received.equals(body)) return 'the newline is missing'
  if (at === expected.length) return describeSurplus(received.subarray(at))
  if (at === received.length) return `the last ${bytes(expected.length - at)} of it are missing`
  if (received.length < expected.length && expected.subarray(-received.length).equals(received)) {
    return `the first ${bytes(expected.length - received.length)} of it are missing`
  }
  return (
    describePart(sent, received) ??
    `byte ${count(at + 1)} of the answer differs${received.length > expected.length ? `, and ${bytes(received.length - expected.length)} more came than were sent` : ''}`
  )
}

function describeSurplus(surplus: Buffer): string {
  const what = plural(surplus.length, 'byte')
  if (surplus.every(byte => byte === 0)) {
    return `${what} of zero ${surplus.length === 1 ? 'follows' : 'follow'}, as if a terminator or the rest of a buffer were part of the text`
  }
  if (surplus.length === 1 && surplus[0] === 0x0a) return 'a second newline follows'
  return `${what} too many ${surplus.length === 1 ? 'follows' : 'follow'}, ${quote(surplus, 0)}: the length of another message, or of a buffer?`
}

/** A loop that begins or ends at the wrong character leaves some in their places. */
function describePart(sent: Buffer, received: Buffer): string | undefined {
  const length = sent.length - 1
  if (received.length !== sent.length) return undefined
  for (let end = length - 1; end >= Math.max(2, length / 8); end--) {
    if (isReversed(sent, received, 0, end))
      return `only the first ${count(end)} of ${count(length)} characters were reversed`
  }
  for (let start = 1; start <= length / 2; start++) {
    if (isReversed(sent, received, start, length)) {
      return start === 1
        ? 'all but the first character were reversed'
        : `all but the first ${count(start)} characters were reversed`
    }
  }
  return undefined
}

/** True when what came is what was sent, but for the part from `start` up to `end`, and that is reversed. */
function isReversed(sent: Buffer, received: Buffer, start: number, end: number): boolean {
  const answer = Buffer.from(sent)
  answer.subarray(start, end).reverse()
  return answer.equals(received)
}

function firstDifference(expected: Buffer, received: Buffer): number {
  const length = Math.min(expected.length, received.length)
  for (let at = 0; at < length; at++) if (expected[at] !== received[at]) return at
  return length
}

/** As a string literal; a part of a long one, with what surrounds the place that matters. */
function quote(content: Buffer, at: number): string {
  const start = content.length <= shown ? 0 : Math.max(0, Math.min(at - shownBefore, content.length - shown))
  const part = content.subarray(start, start + shown)
  const text = JSON.stringify(part.toString('latin1')).replace(
    /\\u00([0-9a-f]{2})|[\x7f-\xff]/g,
    (character, code) => `\\x${code ?? character.charCodeAt(0).toString(16)}`
  )
  const before = start > 0 ? '…' : ''
  const after = start + part.length < content.length ? '…' : ''
  const length = content.length > shown ? ` (${bytes(content.length)})` : ''
  return `${before}${text}${after}${length}`
}
