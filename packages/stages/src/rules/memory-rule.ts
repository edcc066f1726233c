/**
 * The rule for memory, in one place. Memory is that of all processes of the program together: PSS where it can be
 * read, else RSS.
 *
 * The seed says: "Memory usage should be less than 10%". Alone that depends on the machine: with 4 GB it is 400 MB, with
 * 512 GB it lets a program keep every byte of 4 GiB. The defect that the stage is about, a buffer without a bound, shows
 * on every machine as memory that grows with the bytes moved. So three things are judged:
 *
 * 1. Size: memory stays below `systemShare` of the machine's memory at every moment.
 * 2. Growth while bytes flow (`judgeGrowth`): the bytes moved are cut into `parts` equal parts, and of each part only the
 *    lowest memory counts, so that the teeth of a garbage collector do not. The first `warmUpParts` do not count at all:
 *    buffers, pools and heaps may grow to the size that they need. From there to the last part memory may rise by
 *    less than `growthAllowance`, unless it rises by fits and starts (a heap that was enlarged once) and not in step:
 *    in nearly every part. Who breaks the rule is given as many bytes again; only a program that goes on growing fails.
 * 3. Growth for a client that does not read: at most `stalledAllowance` above the memory before that client came.
 */

/** The seed's limit, as a share of the machine's memory. */
export const systemShare = 0.1

/** Fine enough to tell a step from a slope, coarse enough that several samples lie in each. */
const parts = 8

/** The first quarter. */
const warmUpParts = 2

/**
 * Bytes. Over the 3 GiB that count of 4 GiB, this is 8 KiB for every MiB moved: a leak of less than a hundredth. Plain
 * echo servers in Node and Python ended within 1 MiB of where they stood when they were warm, or below; one whose heap
 * makes teeth of 100 MiB wandered by 19 MiB.
 */
export const growthAllowance = 24 * 1024 * 1024

/** Of the steps from one counted part to the next, so many must go up for growth to be in step: all but one. */
const stepsUpward = parts - warmUpParts - 2

/** A rise from part to part that counts as a step upward, as a share of an even climb's step. */
const evenness = 0.25

/**
 * Bytes. A tenth of the smallest machine on which the stage is usually done (4 GB), less what a runtime needs for
 * itself: who needs more for one client that does not read would fail there, and fails everywhere.
 */
export const stalledAllowance = 256 * 1024 * 1024

/** Memory (bytes) of the program when so many bytes had been moved. */
export interface MemoryPoint {
  readonly moved: number
  readonly memory: number
}

export interface GrowthJudgement {
  /** Lowest memory of each part in which there was a sample; the warm-up included. */
  readonly lows: readonly number[]
  /** Bytes by which memory rose over the counted parts; negative when it fell. */
  readonly growth: number
  /** Bytes of growth for every byte moved. */
  readonly slope: number
  readonly broken: boolean
}

/** Judges the growth over the samples of one transfer, in the order in which they were taken. */
export function judgeGrowth(points: readonly MemoryPoint[]): GrowthJudgement {
  const lows = lowestOfParts(points)
  const counted = lows.slice(warmUpParts)
  const first = counted[0]
  const last = counted.at(-1)
  if (!first || !last || counted.length < 2) {
    return { lows: lows.map(point => point.memory), growth: 0, slope: 0, broken: false }
  }
  const growth = last.memory - first.memory
  const moved = last.moved - first.moved
  const evenStep = growth / (counted.length - 1)
  const upward = counted.slice(1).filter((point, index) => {
    return point.memory - (counted[index]?.memory ?? 0) >= evenStep * evenness
  }).length
  return {
    lows: lows.map(point => point.memory),
    growth,
    slope: moved > 0 ? growth / moved : 0,
    broken: growth >= growthAllowance && upward >= Math.min(stepsUpward, counted.length - 1),
  }
}

function lowestOfParts(points: readonly MemoryPoint[]): MemoryPoint[] {
  const start = points[0]?.moved ?? 0
  const span = (points.at(-1)?.moved ?? 0) - start
  const lows: (MemoryPoint | undefined)[] = Array(parts).fill(undefined)
  if (span <= 0) return []
  for (const point of points) {
    const part = Math.min(parts - 1, Math.floor(((point.moved - start) / span) * parts))
    if (point.memory < (lows[part]?.memory ?? Number.POSITIVE_INFINITY)) lows[part] = point
  }
  return lows.filter(point => point !== undefined)
}
