import { formatCount, formatDuration, formatExactSize, parseCount, UsageError } from 'command-line'
import type { Options } from 'yargs'
import type { KeyDistribution, RequestMix } from '../kv/request-choice.js'
import type { Problems } from '../problems.js'

const defaultExponent = 1
const highestExponent = 10

/** Bytes: what memcached takes unless told otherwise, less what it needs for itself. */
const longestValue = 1024 * 1024 - 512

const mostKeys = 10_000_000

export const mixOptions: Readonly<Record<string, Options>> = {
  ratio: { type: 'string', describe: 'Gets to sets, in this order [default: 9:1]' },
  keys: { type: 'string', describe: 'Keys, of each target [default: 10000]' },
  distribution: { type: 'string', describe: 'Of keys: uniform (default), zipf or zipf:EXPONENT' },
  'value-size': { type: 'string', describe: 'Length of a value, or its range: 1..4096 [default: 32]' },
}

/** Reads `9:1`, gets to sets. Throws a UsageError. */
export function parseRatio(text: string): RequestMix['ratio'] {
  const [gets, sets, ...rest] = text.split(':')
  if (gets === undefined || sets === undefined || rest.length > 0) throw unusableRatio(text)
  const ratio = { gets: parseCount(gets), sets: parseCount(sets) }
  if (ratio.gets + ratio.sets === 0) throw unusableRatio(text)
  return ratio
}

function unusableRatio(text: string): UsageError {
  return new UsageError(`'${text}' is not a ratio; expected gets to sets, such as 9:1`)
}

/** Reads `uniform`, `zipf`, `zipf:0.99`. Throws a UsageError. */
export function parseDistribution(text: string): KeyDistribution {
  if (text === 'uniform') return { shape: 'uniform', exponent: 0 }
  const [, exponent = `${defaultExponent}`] = /^zipf(?::(\d+(?:\.\d+)?))?$/.exec(text) ?? [undefined, '0']
  if (isExponent(Number(exponent))) return { shape: 'zipf', exponent: Number(exponent) }
  throw new UsageError(
    `'${text}' is not a distribution; expected uniform, zipf or zipf:0.99, its exponent above 0 and up to ${highestExponent}`
  )
}

function isExponent(exponent: number): boolean {
  return exponent > 0 && exponent <= highestExponent
}

/** `share`: load threads, of all segments together. */
export function validateMix(mix: RequestMix, targets: number, threads: number, problems: Problems): void {
  const { ratio, keys, distribution, valueSize } = mix
  const isRatio = [ratio.gets, ratio.sets].every(part => Number.isSafeInteger(part) && part >= 0)
  problems.expect(
    isRatio && ratio.gets + ratio.sets > 0,
    `--ratio ${ratio.gets}:${ratio.sets}: expected gets to sets, such as 9:1`
  )
  problems.expect(
    keys >= threads && keys * targets <= mostKeys,
    `--keys ${keys}: expected one or more for each load thread (${threads}), and up to ${mostKeys} over all targets`
  )
  const { shape, exponent } = distribution
  problems.expect(
    (shape === 'uniform' && exponent === 0) || (shape === 'zipf' && isExponent(exponent)),
    `--distribution ${shape}:${exponent}: expected uniform, or zipf with an exponent above 0 and up to ${highestExponent}`
  )
  const { minimum, maximum } = valueSize
  problems.expect(minimum >= 1, `--value-size ${minimum}: a value has at least 1 byte`)
  problems.expect(minimum <= maximum, `--value-size ${minimum}..${maximum}: the range runs backwards`)
  problems.expect(maximum <= longestValue, `--value-size ${maximum}: expected at most ${longestValue}`)
}

/** In words, as a line. */
export function describeMix({ ratio, keys, distribution, valueSize }: RequestMix, expiry: number): string {
  const share = (part: number) => `${Number(((100 * part) / (ratio.gets + ratio.sets)).toPrecision(3))} %`
  const { shape, exponent } = distribution
  const chosen = shape === 'uniform' ? 'chosen uniformly' : `chosen by Zipf's law with exponent ${exponent}`
  const size =
    valueSize.minimum === valueSize.maximum
      ? formatExactSize(valueSize.minimum)
      : `${formatCount(valueSize.minimum)} to ${formatExactSize(valueSize.maximum)}`
  const lasting = expiry === 0 ? '' : `, which expire after ${formatDuration(expiry)}`
  return `${share(ratio.gets)} gets and ${share(ratio.sets)} sets of ${formatCount(keys)} keys ${chosen}, values of ${size}${lasting}`
}
