import { formatCount, formatDuration } from 'command-line'
import type { LoadPlan, Resolved } from '../plan.js'
import type { GeneratorCost, Lag, Measured } from '../report.js'

/** A thread that uses more of its core than this, in percent, has nothing left to offer more load with. */
const busy = 90

/** In less time (ms) than this most of a thread's work is to get going. */
const longEnough = 500

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
  const closed = elapsed >= longEnough ? busyThread(cpu.threads, plan) : undefined
  const bottleneck = lag === undefined ? closed : keptBadly(lag)
  return {
    cpuPercent: cpu.process,
    threads: cpu.threads,
    // getrusage(2) counts in KiB.
    peakRss: process.resourceUsage().maxRSS * 1024,
    ...(bottleneck === undefined ? {} : { bottleneck }),
  }
}

function busyThread(threads: readonly number[], plan: Resolved<LoadPlan>): string | undefined {
  const highest = Math.max(...threads)
  if (highest < busy) return undefined
  const remedy = plan.threads === 1 ? 'try --threads 2' : `try more than ${plan.threads} threads, or a second machine`
  return `a load thread used ${Math.round(highest)} % of a core: the server may be able to do more (${remedy})`
}

function keptBadly({ scheduled, late, lateness, longest }: Lag): string | undefined {
  if (late <= scheduled * tolerableShare) return undefined
  const [few, all] = [formatCount(late), formatCount(scheduled)]
  const worst = formatDuration(Number(longest.toPrecision(3)))
  return `${few} of ${all} were begun more than ${formatDuration(lateness)} late, by up to ${worst}: loadgen did not keep its schedule`
}
