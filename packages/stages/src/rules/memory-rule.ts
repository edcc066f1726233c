/**
 * The rule for memory, in one place. Memory is that of all processes of the program together: PSS where it can be
 * read, else RSS.
 *
 * The seed says: "Memory usage should be less than 10%". Alone that depends on the machine: with 4 GB it is 400 MB, with
 * 512 GB it lets a program keep every byte of 4 GiB. The defect that the stage is about, a buffer without a bound, shows
 * on every machine as memory that grows with the bytes moved. So four things are judged:
 *
 * 1. Size: memory stays below `systemShare` of the machine's memory at every moment.
 * 2. Growth while bytes flow (`judgeGrowth`): the bytes moved are cut into `parts` equal parts, and of each part only the
 *    lowest memory counts, so that the teeth of a garbage collector do not. The first `warmUpParts` do not count at all:
 *    buffers, pools and heaps may grow to the size that they need. From there to the last part memory must not rise in
 *    step, in nearly every part, by `growthAllowance` or more; a rise by fits and starts is a heap that was enlarged.
 *    Nor must it rise steadily, by the same in every part, by `steadyAllowance` or more: no heap does. Who breaks this
 *    rule, or nearly does, is given 4 GiB more, however long they take; only a program that goes on growing fails. Who was
 *    looked at too seldom to tell is given as much, and more until it was looked at often enough.
 * 3. Growth for clients that do not read: at most `stalledAllowance` above the memory before they came.
 * 4. Growth with clients that come and go, or with time alone (`judgeLevels`): memory is compared after each of some
 *    equal rounds of clients, and after each thing that the test did. Growth in step by `growthAllowance` or more fails,
 *    unless most of it was a single step: a heap that works for the first time is enlarged once. So does, after rounds of
 *    clients, growth by the very same in each, by `steadyAllowance` or more. Of what clients left behind only that fails
 *    which is still there when many other bytes have been moved, and which goes on in as many rounds more: so garbage
 *    does not.
 *
 * Some runtimes (the JVM, .NET) let garbage lie until a young generation of hundreds of megabytes is full; until then a
 * program that makes a little garbage for each message climbs as evenly as a leak. For them `youngGeneration` takes the
 * place of both allowances: a smaller leak of theirs cannot be told from garbage.
 */

/** The seed's limit, as a share of the machine's memory. */
export const systemShare = 0.1

/** Fine enough to tell a step from a slope, coarse enough that several samples lie in each. */
const parts = 8

/** Samples of one transfer that are enough to judge it by: two for each part. */
export const enoughSamples = 2 * parts

/** The first quarter. */
const warmUpParts = 2

/**
 * Bytes. Over the 3 GiB that count of 4 GiB, this is 8 KiB for every MiB moved: a leak of less than a hundredth. Plain
 * echo servers in Node and Python ended within 1 MiB of where they stood when they were warm, or below; one whose heap
 * makes teeth of 100 MiB wandered by 19 MiB.
 */
export const growthAllowance = 24 * 1024 * 1024

/** Who grows in step by this share of what is allowed has to show with more bytes whether it goes on. */
const suspiciousShare = 1 / 3

/**
 * Bytes. Over the 3 GiB that count of 4 GiB, two thirds of a KiB for every MiB moved. The levels of a program that
 * allocates nothing stand still to the page; those of a heap move by more than this, but never evenly.
 */
const steadyAllowance = 2 * 1024 * 1024

/** Steps are even when each is within this share of their mean. */
const steadiness = 0.5

/**
 * After rounds of clients, that many levels can tell; steps are the same when each is within this share of their mean. What
 * is lost with each client is the same to the page, round after round; nothing in a living heap is.
 */
const leastLevels = 4
const likeness = 0.05

/** Of the steps from one level to the next, so many may not go up although growth is in step. */
const stepsSpared = 1

/** A rise from one level to the next that counts as a step upward, as a share of an even climb's step. */
const evenness = 0.25

/**
 * Bytes. A tenth of the smallest machine on which the stage is usually done (4 GB), less what a runtime needs for
 * itself: who needs more for clients that do not read would fail there, and fails everywhere.
 */
export const stalledAllowance = 256 * 1024 * 1024

/**
 * Bytes. The JVM touches up to 60 % of its first heap before it collects, and that heap is a 64th of the machine's memory:
 * 77 MB on a machine with 8 GB. An echo that made 2 KiB of garbage for each KiB moved stood still at 268 MiB with 24 GB.
 */
const youngGeneration = 256 * 1024 * 1024

/** Libraries that a process has mapped when it runs on such a runtime. */
export const lazyCollectors = /\/(libjvm|libcoreclr|libmonosgen[^/]*)\.so/

/** The part of what clients have left that must still be there when other work has been done, for it to be lost. */
const lostShare = 0.5

/** What growth is allowed. */
export interface GrowthOptions {
  /** The program runs on a runtime that lets garbage lie. */
  readonly collectsLazily: boolean
}

const eager: GrowthOptions = { collectsLazily: false }

/** Memory (bytes) of the program when so many bytes had been moved. */
export interface MemoryPoint {
  readonly moved: number
  readonly memory: number
}

export interface GrowthJudgement {
  /** Lowest memory of each part, the warm-up included; none where there were too few samples to tell anything. */
  readonly lows: readonly number[]
  /** Bytes by which memory rose over the counted parts; negative when it fell. */
  readonly growth: number
  /** Bytes of growth for every byte moved. */
  readonly slope: number
  /** It grows in a way that may break the rule once more bytes have been moved. */
  readonly suspicious: boolean
  readonly broken: boolean
}

/** Judges the growth over the samples of one transfer, in the order in which they were taken. */
export function judgeGrowth(points: readonly MemoryPoint[], options: GrowthOptions = eager): GrowthJudgement {
  const lows = lowestOfParts(points)
  const counted = lows.slice(warmUpParts)
  const first = counted[0]
  const last = counted.at(-1)
  if (!first || !last || counted.length < 2) {
    return { lows: lows.map(point => point.memory), growth: 0, slope: 0, suspicious: false, broken: false }
  }
  const growth = last.memory - first.memory
  const moved = last.moved - first.moved
  const levels = counted.map(point => point.memory)
  return {
    lows: lows.map(point => point.memory),
    growth,
    slope: moved > 0 ? growth / moved : 0,
    suspicious: growsInStep(levels, options, suspiciousShare),
    broken: growsInStep(levels, options) || (!options.collectsLazily && growsSteadily(levels)),
  }
}

/** Judges the memory at some moments between which a program should need nothing more. */
export function judgeLevels(
  levels: readonly number[],
  options: GrowthOptions = eager
): { readonly growth: number; readonly broken: boolean } {
  const growth = (levels.at(-1) ?? 0) - (levels[0] ?? 0)
  const inStep = growsInStep(levels, options) && growsWithoutLeap(levels, options)
  return { growth, broken: inStep || (!options.collectsLazily && growsEvenly(levels)) }
}

/** Memory in bytes below which a program did not go while it worked. */
export interface Floor {
  readonly lowest: number
  /** The floor may lie so much lower, between the teeth of a collector that are seen at some moments only. */
  readonly uncertainty: number
}

/** The floor under the lowest memory of the parts of a transfer, the warm-up included, which does not count. */
export function floorOf(lows: readonly number[]): Floor {
  const [lowest = 0, next = lowest] = lows.slice(lows.length / 2).sort((one, other) => one - other)
  return { lowest, uncertainty: next - lowest }
}

/**
 * Whether what rounds of clients seem to have left (`levels`, the memory after each) was free again when many other
 * bytes had been moved: the floor has not risen by it, or by no more than it is uncertain. What looked like a loss only
 * because it was even, and is less than `growthAllowance`, was none when memory fell below where it had begun.
 */
export function wasFreed(levels: readonly number[], before: Floor, after: Floor): boolean {
  const { growth } = climb(levels)
  const risen = after.lowest - before.lowest
  if (risen < growth * lostShare || risen <= Math.max(before.uncertainty, after.uncertainty)) return true
  return growth < growthAllowance && after.lowest < (levels[0] ?? 0)
}

function growsInStep(levels: readonly number[], options: GrowthOptions, share = 1): boolean {
  const { steps, growth, evenStep } = climb(levels)
  const upward = steps.filter(step => step >= evenStep * evenness).length
  return growth >= share * allowanceOf(options) && upward >= steps.length - stepsSpared
}

/** Without its largest step it would have grown as much in as many steps: no heap was enlarged once, and then crept. */
function growsWithoutLeap(levels: readonly number[], options: GrowthOptions): boolean {
  const { steps, growth } = climb(levels)
  if (steps.length < 2) return true
  const rest = growth - Math.max(...steps)
  return (rest * steps.length) / (steps.length - 1) >= allowanceOf(options)
}

function allowanceOf({ collectsLazily }: GrowthOptions): number {
  return collectsLazily ? youngGeneration : growthAllowance
}

function growsSteadily(levels: readonly number[]): boolean {
  return levels.length === parts - warmUpParts && climbsBy(steadyAllowance, steadiness, levels)
}

function growsEvenly(levels: readonly number[]): boolean {
  return levels.length >= leastLevels && climbsBy(steadyAllowance, likeness, levels)
}

function climbsBy(least: number, tolerance: number, levels: readonly number[]): boolean {
  const { steps, growth, evenStep } = climb(levels)
  return growth >= least && steps.every(step => Math.abs(step - evenStep) <= evenStep * tolerance)
}

function climb(levels: readonly number[]): { steps: number[]; growth: number; evenStep: number } {
  const steps = levels.slice(1).map((level, index) => level - (levels[index] ?? 0))
  const growth = steps.reduce((sum, step) => sum + step, 0)
  return { steps, growth, evenStep: growth / steps.length }
}

function lowestOfParts(points: readonly MemoryPoint[]): MemoryPoint[] {
  const start = points[0]?.moved ?? 0
  const span = (points.at(-1)?.moved ?? 0) - start
  if (span <= 0 || points.length < parts) return []
  const byBytes = lowest(points, point => (point.moved - start) / span)
  // On a busy machine many bytes may pass between two samples: then equal numbers of samples make a part.
  return byBytes.length === parts ? byBytes : lowest(points, (_, index) => index / points.length)
}

/** `place` gives the place of a sample in the whole, from 0 to 1. */
function lowest(points: readonly MemoryPoint[], place: (point: MemoryPoint, index: number) => number): MemoryPoint[] {
  const lows: (MemoryPoint | undefined)[] = Array(parts).fill(undefined)
  for (const [index, point] of points.entries()) {
    const part = Math.min(parts - 1, Math.floor(place(point, index) * parts))
    if (point.memory < (lows[part]?.memory ?? Number.POSITIVE_INFINITY)) lows[part] = point
  }
  return lows.filter(point => point !== undefined)
}
