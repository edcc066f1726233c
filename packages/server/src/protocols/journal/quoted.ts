import { isUtf8 } from 'node:buffer'
import { textOf } from '../ascii.js'

/** Controls that JSON lets through, some of which move a terminal's cursor. */
const controls = /[\u007f-\u009f\u2028\u2029]/g

/** What is not printable ASCII, and what quoting itself needs. */
const unprintable = /[^ -~]|["\\]/g

/**
 * Bytes in quotes on one line, so that nobody can write a line of a log by sending one. Text in UTF-8 as JSON has it;
 * other bytes as `\xff`.
 */
export function quoted(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) return `"${textOf(bytes).replace(unprintable, byte => escaped(byte, 'x', 2))}"`
  return JSON.stringify(Buffer.from(bytes).toString()).replace(controls, character => escaped(character, 'u', 4))
}

function escaped(character: string, letter: string, digits: number): string {
  return `\\${letter}${character.charCodeAt(0).toString(16).padStart(digits, '0')}`
}
