/** The bytes of characters that protocols treat specially (ASCII, RFC 20). */
export const ascii = { endOfText: 3, lineFeed: 10, carriageReturn: 13, space: 32, colon: 58 } as const

/** Copying a few bytes is quicker than making a Buffer of them. */
const scratch = Buffer.alloc(256)

/** Bytes as text, one character for each byte (ISO 8859-1). */
export function textOf(bytes: Uint8Array): string {
  if (bytes.length <= scratch.length) {
    scratch.set(bytes)
    return scratch.toString('latin1', 0, bytes.length)
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/** Whether the bytes are exactly a text in ASCII. */
export function isText(bytes: Uint8Array, text: string): boolean {
  return bytes.length === text.length && textOf(bytes) === text
}

/** A line without the carriage return that Telnet and its kin put before the newline. */
export function withoutCarriageReturn(line: Uint8Array): Uint8Array {
  return line.at(-1) === ascii.carriageReturn ? line.subarray(0, -1) : line
}
