import type { RecordedLatency } from '../report.js'
import { type LatencyKind, latencyKinds } from './latency-kind.js'
import { LatencyRecorder, type LatencySummary } from './latency-recorder.js'

/** A recorder with what a report has serialised. Throws a RangeError for what is not a histogram. */
export function recorderOf(encoded: string): LatencyRecorder {
  const recorder = new LatencyRecorder()
  recorder.merge(encoded)
  return recorder
}

/** The figures of every kind that was recorded. Throws a RangeError for what is not a histogram. */
export function summariesOf(latency: RecordedLatency): Partial<Record<LatencyKind, LatencySummary>> {
  return Object.fromEntries(
    latencyKinds.flatMap(kind => {
      const encoded = latency[kind]
      return encoded === undefined ? [] : [[kind, recorderOf(encoded).summary()]]
    })
  )
}
