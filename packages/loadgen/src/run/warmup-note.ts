import type { LoadPlan, Resolved } from '../plan.js'
import { workloadOf } from '../registry.js'

/**
 * That latencies without a warm-up are also those of loadgen's own beginning, for people: V8 compiles it while it runs, and
 * for half a second messages take milliseconds longer.
 */
export function warmupNote(plan: Resolved<LoadPlan>): string | undefined {
  const timed = 'duration' in plan && plan.duration > 0 && workloadOf(plan).messages !== undefined
  if (!timed || plan.warmup > 0) return undefined
  return "no --warmup: loadgen's own slow first moments are in the figures; try 2s"
}
