import { endianness } from 'node:os'

const littleEndian = endianness() === 'LE'
const second = 1e9

/** About 68 years, in nanoseconds: nothing is waited for so long, and the kernel can count it. */
const longest = (2 ** 31 - 1) * second

/** Bytes that a `struct timespec` takes. */
export const timespecBytes = 16

/**
 * Writes a time as the kernel reads it (timespec(3type), 64 bits a field), rounded up to whole nanoseconds: a wait that
 * ends early only has to begin again. `milliseconds` is 0 or more, fractions included.
 */
export function writeTimespec(view: DataView, offset: number, milliseconds: number): void {
  const nanoseconds = Math.min(longest, Math.ceil(milliseconds * 1e6))
  const seconds = Math.floor(nanoseconds / second)
  view.setUint32(offset, seconds, littleEndian)
  view.setUint32(offset + 4, 0)
  view.setUint32(offset + 8, nanoseconds - seconds * second, littleEndian)
  view.setUint32(offset + 12, 0)
}
