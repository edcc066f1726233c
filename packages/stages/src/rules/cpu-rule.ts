/**
 * The rule for CPU, in one place. All figures are percent of one core, over every process and thread of the program.
 *
 * The seed says: "CPU usage should be less than 10%" over 20 seconds. So the mean of the whole window is judged. A mean
 * alone would pass a program that sleeps for 19 seconds and spins in the last one, or spins for a second now and then;
 * therefore no short part of the window may be spent spinning either.
 *
 * On a machine that is busy with other things a program gets less of a core than it asks for. Then it is told by its
 * threads: one that is always running or ready to run is one that spins, even if it gets as little as `leastSpinning`.
 */

/** The seed's limit on the mean over the window. */
export const cpuLimit = 10

/**
 * A mean from here on, below the limit, says nothing on a machine without time to spare: processes that come and go, say,
 * cannot be seen waiting, and would have used more. Below it a program is believed: who gets less than half of what he
 * asks for is on a machine on which nothing can be judged (`Wakefulness`).
 */
export const doubtfulMean = cpuLimit / 2

/**
 * The limit on any part of `spinSpan` milliseconds. A loop that spins uses 100 of one core; half of that leaves room
 * for a machine that is shared, and for a program that spins every other moment. A correct program that wakes up for
 * its timers or collects its garbage stays far below: it would have to work for a whole second without pause.
 */
export const spinLimit = 50
export const spinSpan = 2_000

/**
 * The limit on the time for which any single thread runs or is ready to run in such a part, in percent of the time. A
 * thread that has anything to wait for stays far below, even where it has to wait several times as long for a core as it
 * then uses it.
 */
export const readyLimit = 90

/**
 * Percent of one core. Who spins gets his share of a busy machine, which is more than this while less than forty others
 * want two cores; who gets less was ready for most of the time because he waited once and long.
 */
const leastSpinning = 5

/** CPU time that the program used between two looks. Times in milliseconds. */
export interface CpuSpan {
  readonly from: number
  readonly to: number
  readonly cpu: number
  /** For each thread that there was all the time, how long it ran or was ready to run. */
  readonly threads?: ReadonlyMap<number, number>
}

export interface CpuJudgement {
  /** Percent of one core over all spans together. */
  readonly mean: number
  /** The highest percentage of any part of `spinSpan` (of the whole, when that is shorter). */
  readonly worst: number
  /** When the worst part began, in milliseconds after the first span did. */
  readonly worstAt: number
  /** The highest percentage of any such part for which one and the same thread ran or was ready to run. */
  readonly ready: number
  /** Some part was spent spinning. */
  readonly spins: boolean
  /** It spins, or uses too much on the whole. */
  readonly broken: boolean
}

/** Judges consecutive spans. They should be much shorter than `spinSpan`. */
export function judgeCpu(spans: readonly CpuSpan[]): CpuJudgement {
  const mean = percent(spans)
  let [worst, worstAt, ready, spins] = [0, 0, 0, false]
  for (const part of partsOf(spans)) {
    const used = percent(part)
    if (used > worst) [worst, worstAt] = [used, (part[0]?.from ?? 0) - (spans[0]?.from ?? 0)]
    const partReady = readiness(part)
    ready = Math.max(ready, partReady)
    spins ||= used >= spinLimit || (partReady >= readyLimit && used >= leastSpinning)
  }
  return { mean, worst, worstAt, ready, spins, broken: spins || mean >= cpuLimit }
}

/** Every part of `spinSpan`, beginning at each of the spans; the whole, when that is shorter. */
function partsOf(spans: readonly CpuSpan[]): CpuSpan[][] {
  const parts = spans.flatMap(({ from }, start) => {
    const end = spans.findIndex(span => span.to - from >= spinSpan)
    return end === -1 ? [] : [spans.slice(start, end + 1)]
  })
  return parts.length > 0 ? parts : [[...spans]]
}

function readiness(spans: readonly CpuSpan[]): number {
  const elapsed = (spans.at(-1)?.to ?? 0) - (spans[0]?.from ?? 0)
  const times = new Map<number, number>()
  for (const { threads = new Map<number, number>() } of spans) {
    for (const [thread, time] of threads) times.set(thread, (times.get(thread) ?? 0) + time)
  }
  return elapsed > 0 ? (100 * Math.max(0, ...times.values())) / elapsed : 0
}

function percent(spans: readonly CpuSpan[]): number {
  const first = spans[0]
  const last = spans.at(-1)
  if (!first || !last || last.to === first.from) return 0
  const used = spans.reduce((sum, span) => sum + span.cpu, 0)
  return (100 * used) / (last.to - first.from)
}
