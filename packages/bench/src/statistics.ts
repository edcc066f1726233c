import { median } from 'simple-statistics'

/** How sure an interval has to be, 0 to 1. */
const confidence = 0.95

/** A ratio within this share of 1 on both ends of its interval is as good as 1. */
const equality = 0.05

/** What the rounds of one contender gave. */
export interface Summary {
  readonly median: number
  readonly minimum: number
  readonly maximum: number
  /** The distance from the smallest to the largest value, as a share of the median; 0 when all are the same. */
  readonly spread: number
}

/** How two contenders are compared: by how many times the value is, or by how much it is above. */
export type ComparisonKind = 'ratio' | 'difference'

/** A comparison of two contenders over paired rounds. */
export interface Comparison {
  readonly kind: ComparisonKind
  /** The median of the rounds' own ratios or differences. */
  readonly median: number
  /** Where the true median lies with 95 % confidence, whatever the distribution; undefined with too few rounds. */
  readonly interval: { readonly low: number; readonly high: number } | undefined
  /** Whether the rounds carry it: `yes`, or why not. Only what is carried may be shown as a figure. */
  readonly carried: 'yes' | 'noise' | 'too few rounds'
}

/** Summarises the values of all rounds. Throws a RangeError when there are none. */
export function summarise(values: readonly number[]): Summary {
  if (values.length === 0) throw new RangeError('no values to summarise')
  const [minimum, maximum] = [Math.min(...values), Math.max(...values)]
  const middle = median([...values])
  return { median: middle, minimum, maximum, spread: maximum === minimum ? 0 : (maximum - minimum) / middle }
}

/**
 * Compares two contenders round by round: what disturbs a whole round disturbs both alike and drops out. `values[i]`
 * and `reference[i]` are of the same round; a round in which either is missing (undefined) does not count, nor, for
 * ratios, one in which the reference is not above 0. Undefined when no round counts.
 */
export function compareRounds(
  values: readonly (number | undefined)[],
  reference: readonly (number | undefined)[],
  kind: ComparisonKind
): Comparison | undefined {
  const compared = values.flatMap((value, round) => {
    const other = reference[round]
    if (value === undefined || other === undefined) return []
    if (kind === 'difference') return [value - other]
    return other > 0 ? [value / other] : []
  })
  if (compared.length === 0) return undefined
  const interval = medianInterval(compared)
  const carried = interval === undefined ? 'too few rounds' : isCarried(interval, kind) ? 'yes' : 'noise'
  return { kind, median: median(compared), interval, carried }
}

/** Whether all of an interval is on one side of what no difference is; 0 when it is not, else -1 or 1. */
export function sideOf({ kind, interval }: Pick<Comparison, 'kind' | 'interval'>): -1 | 0 | 1 {
  const same = kind === 'ratio' ? 1 : 0
  if (interval === undefined) return 0
  return interval.low > same ? 1 : interval.high < same ? -1 : 0
}

/**
 * The interval between two of the sorted values in which the true median lies with 95 % confidence, by the sign test:
 * no assumption is made about how the values are distributed. With 6 to 8 values it is all of them. Undefined for
 * fewer than 6, which cannot give such confidence.
 */
export function medianInterval(values: readonly number[]): { low: number; high: number } | undefined {
  const count = values.length
  const sorted = values.toSorted((left, right) => left - right)
  let rank = 0
  // The chance that at most `rank` of all values lie on one side of the true median, for both sides.
  while (2 * chanceOfAtMost(rank, count) <= 1 - confidence) rank++
  const [low, high] = [sorted[rank - 1], sorted[count - rank]]
  return low === undefined || high === undefined ? undefined : { low, high }
}

/** The fewest rounds for which `medianInterval` gives an interval. */
export const fewestRounds = 6

function isCarried(interval: { low: number; high: number }, kind: ComparisonKind): boolean {
  const equal = kind === 'ratio' && interval.low >= 1 - equality && interval.high <= 1 + equality
  return equal || sideOf({ kind, interval }) !== 0
}

/** That a fair coin shows heads at most `successes` times in `trials`. */
function chanceOfAtMost(successes: number, trials: number): number {
  let ways = 1
  let total = 0
  for (let heads = 0; heads <= successes; heads++) {
    total += ways
    ways = (ways * (trials - heads)) / (heads + 1)
  }
  return total / 2 ** trials
}
