import type { Mismatch } from './payload/mismatch.js'

const rowBytes = 16

/** The bytes round a mismatch, in rows of 16: what was expected above what was received, `^` under what differs. */
export function windowText({ windowStart, offset, expected, received }: Mismatch): string {
  const [wanted, got] = [Buffer.from(expected, 'hex'), Buffer.from(received, 'hex')]
  const lines: string[] = []
  // Rows begin at multiples of 16, so that offsets can be read off.
  const first = windowStart - (windowStart % rowBytes)
  for (let row = first; row < windowStart + got.length; row += rowBytes) {
    const cells = Array.from({ length: rowBytes }, (_, at) => row + at - windowStart)
    lines.push(
      `${String(row).padStart(13)}  expected  ${line(wanted, cells)}`,
      `${' '.repeat(13)}  received  ${line(got, cells)}`
    )
    const marks = cells.map(at =>
      at >= offset - windowStart && at < got.length && got[at] !== wanted[at] ? '^^' : '  '
    )
    if (marks.includes('^^')) lines.push(`${' '.repeat(25)}${marks.join(' ')}`.trimEnd())
  }
  return lines.join('\n')
}

function line(bytes: Buffer, cells: readonly number[]): string {
  const hex = cells.map(at => bytes[at]?.toString(16).padStart(2, '0') ?? '  ').join(' ')
  const characters = cells.map(at => character(bytes[at])).join('')
  return `${hex}  |${characters}|`
}

function character(byte: number | undefined): string {
  if (byte === undefined) return ' '
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'
}
