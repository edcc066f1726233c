const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, at) => first + at)

const lower = range(0x61, 0x7a)
const upper = range(0x41, 0x5a)
const digits = range(0x30, 0x39)

const named: ReadonlyMap<string, readonly number[]> = new Map([
  ['all', range(0, 255)],
  ['ascii', range(0, 127)],
  ['printable', range(0x20, 0x7e)],
  ['alnum', [...digits, ...upper, ...lower]],
  ['alpha', [...upper, ...lower]],
  ['lower', lower],
  ['upper', upper],
  ['digits', digits],
  ['hex', [...digits, ...range(0x61, 0x66)]],
])

const escapes: ReadonlyMap<string, number> = new Map([
  ['\\n', 10],
  ['\\r', 13],
  ['\\t', 9],
  ['\\\\', 92],
  ['\\-', 45],
])

/** The names that `parseCharset` knows. */
export const charsetNames: readonly string[] = [...named.keys()]

/**
 * The byte values that a text stands for, in ascending order: a name (`printable`, `alnum`, `hex` …), or characters and
 * ranges such as `a-zA-Z_`. `\n`, `\r`, `\t`, `\\`, `\-` and `\x00` to `\xff` stand for what they do elsewhere.
 * Throws a RangeError whose message is meant for the user.
 */
export function parseCharset(text: string): Uint8Array {
  const known = named.get(text)
  if (known !== undefined) return Uint8Array.from(known)
  const values = new Set<number>()
  const tokens = text.match(/\\x[0-9a-fA-F]{2}|\\[nrt\\-]|[^\\]/gu) ?? []
  if (text === '' || tokens.join('') !== text) throw unusable(text, 'it is empty or ends in the middle of an escape')
  for (let at = 0; at < tokens.length; at++) {
    const first = byteOf(tokens[at] as string, text)
    const isRange = tokens[at + 1] === '-' && at + 2 < tokens.length
    const last = isRange ? byteOf(tokens[at + 2] as string, text) : first
    if (isRange) at += 2
    if (last < first) throw unusable(text, `the range ${tokens[at - 2]}-${tokens[at]} runs backwards`)
    for (let value = first; value <= last; value++) values.add(value)
  }
  return Uint8Array.from([...values].sort((a, b) => a - b))
}

function byteOf(token: string, text: string): number {
  const escaped = escapes.get(token)
  if (escaped !== undefined) return escaped
  if (token.startsWith('\\x')) return Number.parseInt(token.slice(2), 16)
  const code = token.codePointAt(0) as number
  if (code > 127) throw unusable(text, `${token} is not one byte; write bytes above 127 as \\x80 to \\xff`)
  return code
}

function unusable(text: string, why: string): RangeError {
  return new RangeError(
    `'${text}' is not a charset: ${why}; expected one of ${charsetNames.join(', ')}, or characters and ranges such as a-zA-Z0-9`
  )
}
