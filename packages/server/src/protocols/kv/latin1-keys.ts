/** The lowest key that there can be. */
export const leastKey = '\0'

/** How lmdb writes and reads keys that are texts with one character for each byte (ISO 8859-1). */
export const latin1Keys = {
  /** Returns where the key ends. */
  writeKey(key: string, target: Uint8Array, start: number): number {
    // Most keys are short: quicker than a call into native code.
    for (let at = 0; at < key.length; at++) target[start + at] = key.charCodeAt(at)
    return start + key.length
  },
  readKey(source: Buffer, start: number, end: number): string {
    return source.toString('latin1', start, end)
  },
}
