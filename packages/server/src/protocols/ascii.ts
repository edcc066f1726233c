/** The bytes of characters that protocols treat specially (ASCII, RFC 20). */
export const ascii = { endOfText: 3, lineFeed: 10, carriageReturn: 13, space: 32, colon: 58 } as const

/** Bytes as text, one character for each byte (ISO 8859-1). */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
}

/** Whether the bytes are exactly a text in ASCII. */
export function isText(bytes: Uint8Array, text: string): boolean {
  return bytes.length === text.length && textOf(bytes) === text
}
