/**
 * The rule for CPU, in one place. All figures are percent of one core, over every process and thread of the program.
 *
 * The seed says: "CPU usage should be less than 10%" over 20 seconds. So the mean of the whole window is judged. A mean
 * alone would pass a program that sleeps for 19 seconds and spins in the last one, or spins for a second now and then;
 * therefore no short part of the window may be spent spinning either.
 */

/** The seed's limit on the mean over the window. */
export const cpuLimit = 10

/**
 * The limit on any part of `spinSpan` milliseconds. A loop that spins uses 100 of one core; half of that leaves room
 * for a machine that is shared, and for a program that spins every other moment. A correct program that wakes up for
 * its timers or collects its garbage stays far below: it would have to work for a whole second without pause.
 */
export const spinLimit = 50
export const spinSpan = 2_000

/** CPU time that the program used between two looks. Times in milliseconds. */
export interface CpuSpan {
  readonly from: number
  readonly to: number
  readonly cpu: number
}

export interface CpuJudgement {
  /** Percent of one core over all spans together. */
  readonly mean: number
  /** The highest percentage of any part of `spinSpan` (of the whole, when that is shorter). */
  readonly worst: number
  /** When the worst part began, in milliseconds after the first span did. */
  readonly worstAt: number
  readonly broken: 'mean' | 'spin' | undefined
}

/** Judges consecutive spans. They should be much shorter than `spinSpan`. */
export function judgeCpu(spans: readonly CpuSpan[]): CpuJudgement {
  const first = spans[0]
  const last = spans.at(-1)
  if (!first || !last) return { mean: 0, worst: 0, worstAt: 0, broken: undefined }
  const mean = percent(spans)
  let worst = 0
  let worstAt = 0
  for (const [start, { from }] of spans.entries()) {
    const length = spans.slice(start).findIndex(span => span.to - from >= spinSpan)
    const part = length === -1 ? (start === 0 ? spans : []) : spans.slice(start, start + length + 1)
    const value = percent(part)
    if (value > worst) [worst, worstAt] = [value, from - first.from]
  }
  const broken = mean >= cpuLimit ? 'mean' : worst >= spinLimit ? 'spin' : undefined
  return { mean, worst, worstAt, broken }
}

function percent(spans: readonly CpuSpan[]): number {
  const first = spans[0]
  const last = spans.at(-1)
  if (!first || !last || last.to === first.from) return 0
  const used = spans.reduce((sum, span) => sum + span.cpu, 0)
  return (100 * used) / (last.to - first.from)
}
