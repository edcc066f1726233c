import { UsageError } from './errors.js'

const kibi = 1024n
const kilo = 1000n

const sizeUnits = new Map<string, bigint>([
  ['', 1n],
  ['b', 1n],
  ['byte', 1n],
  ['bytes', 1n],
  ...['k', 'm', 'g', 't', 'p'].flatMap((letter, index): [string, bigint][] => [
    [letter, kibi ** BigInt(index + 1)],
    [`${letter}ib`, kibi ** BigInt(index + 1)],
    [`${letter}b`, kilo ** BigInt(index + 1)],
  ]),
])

const countUnits = new Map<string, bigint>([
  ['', 1n],
  ['k', kilo],
  ['m', kilo ** 2n],
  ['g', kilo ** 3n],
])

const durationUnits = new Map<string, bigint>([
  ['ms', 1n],
  ['s', 1000n],
  ['m', 60_000n],
  ['h', 3_600_000n],
  ['d', 86_400_000n],
])

/** Timers take no more: `setTimeout` turns anything longer into 1 ms. */
const longestDuration = 2n ** 31n - 1n

/**
 * Reads a number of bytes: `512`, `64k`, `1.5m`, `4g` = `4GiB` = 2^32, `4GB` = 4 * 10^9. Letters of either case;
 * binary unless the unit ends in a plain `B` (IEC 80000-13). Throws a `UsageError` for anything else, for a
 * fraction of a byte, and for more than 2^53 - 1.
 */
export function parseSize(text: string): number {
  const bytes = parseQuantity(text, sizeUnits)
  if (bytes === undefined) {
    throw new UsageError(`'${shown(text)}' is not a size; expected bytes such as 64k, 1m or 4GB`)
  }
  return safe(text, bytes, BigInt(Number.MAX_SAFE_INTEGER), 'a size', 'at most 8191t')
}

/**
 * Reads a count: `250`, `10k` = 10,000, `1.5m` = 1,500,000. Decimal always. Throws a `UsageError` for anything
 * else, for a fraction, and for more than 2^53 - 1.
 */
export function parseCount(text: string): number {
  const count = parseQuantity(text, countUnits)
  if (count === undefined) {
    throw new UsageError(`'${shown(text)}' is not a count; expected a whole number such as 250, 10k or 1.5m`)
  }
  return safe(text, count, BigInt(Number.MAX_SAFE_INTEGER), 'a count', 'at most 9000000g')
}

/**
 * Reads a duration in milliseconds: `250ms`, `30s`, `1.5m`, `1h`, `1m 30s`. Only 0 needs no unit. Throws a
 * `UsageError` for anything else, for a fraction of a millisecond, and for more than a timer can wait (24.8 days).
 */
export function parseDuration(text: string): number {
  if (text === '0') return 0
  const parts = text.match(/^\d[\d.]*[a-z]+(?: ?\d[\d.]*[a-z]+)*$/i) ? text.match(/[\d.]+[a-z]+/gi) : undefined
  let total = 0n
  for (const part of parts ?? [text]) {
    const milliseconds = parseQuantity(part, durationUnits)
    if (milliseconds === undefined) {
      throw new UsageError(`'${shown(text)}' is not a duration; expected a number with a unit such as 250ms, 30s or 2m`)
    }
    total += milliseconds
  }
  return safe(text, total, longestDuration, 'a duration', 'at most 24d')
}

/**
 * Reads `minimum..maximum`, or a single value that is both, each by `parse`. Throws a `UsageError` when a value
 * does not parse or the minimum exceeds the maximum.
 */
export function parseRange(text: string, parse: (text: string) => number): { minimum: number; maximum: number } {
  const [first = '', last = first, ...rest] = text.split('..')
  if (rest.length > 0 || first === '' || last === '') {
    throw new UsageError(`'${shown(text)}' is not a range; expected one value, or two such as 1..1000`)
  }
  const [minimum, maximum] = [parse(first), parse(last)]
  if (minimum > maximum) {
    throw new UsageError(`'${shown(text)}' is not a range: it ends below its start; expected the smaller value first`)
  }
  return { minimum, maximum }
}

/** As much of what the user wrote as belongs into a message of one line. */
export function shown(text: string): string {
  const oneLine = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"')
  return oneLine.length > 60 ? `${oneLine.slice(0, 57)}...` : oneLine
}

/** Exact: no floating point comes between what was written and the number. Undefined when it is not whole. */
function parseQuantity(text: string, units: ReadonlyMap<string, bigint>): bigint | undefined {
  const [, whole, fraction = '', letters] = text.match(/^(\d{1,30})(?:\.(\d{1,30}))? ?([a-z]*)$/i) ?? []
  const unit = units.get(letters?.toLowerCase() ?? '')
  if (whole === undefined || unit === undefined) return undefined
  const scaled = BigInt(whole + fraction) * unit
  const scale = 10n ** BigInt(fraction.length)
  return scaled % scale === 0n ? scaled / scale : undefined
}

function safe(text: string, value: bigint, maximum: bigint, what: string, expected: string): number {
  if (value > maximum) throw new UsageError(`'${shown(text)}' is too large for ${what}; expected ${expected}`)
  return Number(value)
}
