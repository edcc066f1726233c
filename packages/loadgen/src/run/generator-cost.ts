import { formatCount } from 'command-line'
import { formatLatency } from '../output/formats.js'
import type { LoadPlan, Resolved } from '../plan.js'
import { workloadOf } from '../registry.js'
import type { GeneratorCost, Lag, Measured } from '../report.js'

/** A thread that uses more of its core than this, in percent, has nothing left to offer more load with. */
const busy = 90

/** In less time (ms) than this most of a thread's work is to get going. */
export const longEnough = 500

/** A schedule of which more than this share was late was not kept. */
const tolerableShare = 0.01

/**
 * What loadgen used, and whether that was the limit: where there is a schedule, whether it was kept (a thread that
 * waits for the next message turn by turn uses its core in any case); otherwise, whether a thread had a core's time left.
 */
export function generatorCost(
  cpu: { readonly process: number; readonly threads: readonly number[] },
  { elapsed }: Measured,
  plan: Resolved<LoadPlan>,
  lag: Lag | undefined
): GeneratorCost {
  const bottleneck = bottleneckOf(elapsed >= longEnough ? cpu.threads : [], plan, lag)
  return {
    cpuPercent: cpu.process,
    threads: cpu.threads,
    // getrusage(2) counts in KiB.
    peakRss: process.resourceUsage().maxRSS * 1024,
    ...(bottleneck === undefined ? {} : { bottleneck }),
  }
}

/**
 * Why figures may be the limit of the generator, or leave something out: `threads` are the load threads in percent of one
 * core, none where they were not measured for long enough.
 */
export function bottleneckOf(
  threads: readonly number[],
  plan: Resolved<LoadPlan>,
  lag: Lag | undefined
): string | undefined {
  return lag === undefined ? busyThread(threads, plan) : (leftOut(lag, threads, plan) ?? keptBadly(lag))
}

function busyThread(threads: readonly number[], plan: Resolved<LoadPlan>): string | undefined {
  const highest = Math.max(0, ...threads)
  if (highest < busy) return undefined
  return `a load thread used ${Math.round(highest)} % of a core: the server may be able to do more (${remedyFor(plan)})`
}

/** A connection is one thread's. */
function remedyFor(plan: Resolved<LoadPlan>): string {
  const { threads, segment } = plan
  const connections = workloadOf(plan).connections(plan)
  const most = connections === 0 ? Number.POSITIVE_INFINITY : Math.floor(connections / segment.count)
  if (most < 2 * threads) return 'try more connections, and more --threads'
  return threads === 1 ? 'try --threads 2' : `try more than ${threads} threads, or a second machine`
}

/** What was never sent has no latency, so that those that are shown are too good. */
function leftOut({ scheduled, unsent }: Lag, threads: readonly number[], plan: Resolved<LoadPlan>): string | undefined {
  const due = scheduled + unsent
  if (unsent <= due * tolerableShare) return undefined
  const cause = busyThread(threads, plan) ?? 'no connection was free: the server was too slow, or more are needed'
  return `${formatCount(unsent)} of ${formatCount(due)} that were due were never sent, and no latency tells of them; ${cause}`
}

function keptBadly({ scheduled, late, lateness, longest }: Lag): string | undefined {
  if (late <= scheduled * tolerableShare) return undefined
  const [few, all] = [formatCount(late), formatCount(scheduled)]
  return `${few} of ${all} were begun more than ${formatLatency(lateness)} late, by up to ${formatLatency(longest)}: loadgen did not keep its schedule`
}
