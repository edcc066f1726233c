import { ascii, textOf, withoutCarriageReturn } from '../ascii.js'

/** What a client wants written down. */
export interface JournalEntry {
  readonly user: string
  /** Any bytes but a newline. */
  readonly message: Uint8Array
}

/** Parses `<user>:<message>`, a line without its newline; undefined when it is none. The user ends at the first colon. */
export function parseEntry(line: Uint8Array): JournalEntry | undefined {
  const bare = withoutCarriageReturn(line)
  const colon = bare.indexOf(ascii.colon)
  if (colon <= 0) return undefined
  return { user: textOf(bare.subarray(0, colon)), message: bare.subarray(colon + 1) }
}
