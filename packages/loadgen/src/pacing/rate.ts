import { parseCount, UsageError } from 'command-line'
import type { Rate } from './schedule.js'

/**
 * Reads a rate per second, `50k`, or one that changes evenly from the first value to the second, `1k..100k`. Throws a
 * UsageError for anything else, and for 0.
 */
export function parseRate(text: string): Rate {
  const [first = '', last = first, ...rest] = text.split('..')
  const [from, to] = [parseCount(first), parseCount(last)]
  if (rest.length > 0 || from === 0 || to === 0) {
    throw new UsageError(`'${text}' is not a rate; expected events per second, at least 1, such as 50k or 1k..100k`)
  }
  return { from, to }
}
