const zero = 0x30

/** How many digits a whole number from 0 up to 2^53 has. */
export function decimalLength(value: number): number {
  let length = 1
  for (let limit = 10; value >= limit; limit *= 10) length++
  return length
}

/** Writes a whole number from 0 up to 2^53 at `memory[start]`, and returns where it ends. Makes no garbage. */
export function writeDecimal(memory: Uint8Array, start: number, value: number): number {
  const end = start + decimalLength(value)
  for (let at = end - 1, rest = value; at >= start; at--) {
    const tens = Math.floor(rest / 10)
    memory[at] = rest - tens * 10 + zero
    rest = tens
  }
  return end
}

/** Where the digits end that begin at `memory[start]`: `start` itself where there are none. */
export function endOfDigits(memory: Uint8Array, start: number, end: number): number {
  let at = start
  while (at < end && (memory[at] as number) >= zero && (memory[at] as number) <= zero + 9) at++
  return at
}

/** The number whose digits are `[start, end)`. */
export function readDecimal(memory: Uint8Array, start: number, end: number): number {
  let value = 0
  for (let at = start; at < end; at++) value = value * 10 + ((memory[at] as number) - zero)
  return value
}
