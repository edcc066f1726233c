import { max } from 'simple-statistics'
import type { LoadReport, ServerSample } from '../report.js'

/** What the load has cost the server. */
export interface ServerCost {
  /** Percent of one core, over the measured phase (over the run, where there is none). */
  readonly cpuPercent: number
  /** Milliseconds of CPU time; absent where there were no messages. */
  readonly cpuPerMessage?: number
  /** Bytes, of PSS where it could be read and of RSS where not. */
  readonly peakMemory: number
  /** Bytes above the first sample for each connection that was open at the peak; absent where there were few. */
  readonly memoryPerConnection?: number
}

/** Fewer do not show above what a server's memory does by itself. */
const fewestConnections = 100

/** What the samples of the server's processes say; undefined where there are fewer than two. */
export function serverCost(report: LoadReport): ServerCost | undefined {
  const { server, measured, connections } = report
  const samples = server?.samples ?? []
  const [first, last] = [samples[0], samples.at(-1)]
  if (first === undefined || last === undefined || first === last) return undefined
  const inside = measuredSamples(report)
  const [from, to] = inside.length > 1 ? [inside[0] as ServerSample, inside.at(-1) as ServerSample] : [first, last]
  const cpu = (to.cpuSeconds - from.cpuSeconds) / ((to.at - from.at) / 1000)
  const peakMemory = max(samples.map(memoryOf))
  const { peakOpen } = connections
  return {
    cpuPercent: cpu * 100,
    // Samples seldom begin and end with the phase: the time that they leave out costs the same.
    ...(measured.messages > 0 ? { cpuPerMessage: (cpu * measured.elapsed) / measured.messages } : {}),
    peakMemory,
    ...(peakOpen >= fewestConnections
      ? { memoryPerConnection: Math.max(0, peakMemory - memoryOf(first)) / peakOpen }
      : {}),
  }
}

/** The samples that were taken in the measured phase. */
export function measuredSamples({ server, measured }: LoadReport): readonly ServerSample[] {
  const end = measured.start + measured.elapsed
  return (server?.samples ?? []).filter(({ at }) => measured.elapsed > 0 && at >= measured.start && at <= end)
}

/** Bytes: PSS where it could be read, else RSS. */
export function memoryOf({ pss, rss }: ServerSample): number {
  return pss ?? rss
}
