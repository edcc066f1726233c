import { parseCount, parseDuration, parseSize, UsageError } from 'command-line'

type Parser = (text: string) => number

/** A parser of a size in bytes from `minimum` to `maximum`. */
export function sizeWithin(minimum: number, maximum: number, expected: string): Parser {
  return within(parseSize, minimum, maximum, expected)
}

/** A parser of a count of at least 1. */
export const positiveCount: Parser = within(parseCount, 1, Number.POSITIVE_INFINITY, 'at least 1')

/** A parser of a count from 1 to `maximum`. */
export function countUpTo(maximum: number, expected: string): Parser {
  return within(parseCount, 1, maximum, expected)
}

/** A parser of a duration of at least a millisecond. */
export const positiveDuration: Parser = within(parseDuration, 1, Number.POSITIVE_INFINITY, 'at least 1ms')

function within(parse: Parser, minimum: number, maximum: number, expected: string): Parser {
  return text => {
    const value = parse(text)
    if (value < minimum || value > maximum) throw new UsageError(`'${text}' is out of range; expected ${expected}`)
    return value
  }
}
