import type { Segment } from '../plan.js'

/**
 * One of `count` equal shares of a numbered whole: of connections 0, 1, 2 … or of scheduled messages it has every
 * `count`th, beginning with number `index`. All shares together are the whole, and no number is in two of them.
 */
export interface Share {
  /** 0 to `count` - 1. */
  readonly index: number
  readonly count: number
}

/** The share of one load thread in the whole plan: segments divide the plan, threads divide their segment. */
export function shareOf(segment: Segment, thread: number, threads: number): Share {
  return { index: segment.index - 1 + segment.count * thread, count: segment.count * threads }
}

/** The share of a segment as a whole. */
export function shareOfSegment({ index, count }: Segment): Share {
  return { index: index - 1, count }
}

/** How many of the numbers below `total` are in the share. */
export function portion(total: number, { index, count }: Share): number {
  return Math.max(0, Math.ceil((total - index) / count))
}

/** The number of the share's own entry `ordinal`, from 0. */
export function numberOf(ordinal: number, { index, count }: Share): number {
  return index + ordinal * count
}
