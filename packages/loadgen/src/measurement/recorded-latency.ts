import type { RecordedLatency } from '../report.js'
import { LatencyRecorder, type LatencySummary } from './latency-recorder.js'

/** What latencies are measured from; the one that says most about the server first. */
export const latencyKinds = ['fromDue', 'fromSend', 'connect', 'get', 'set'] as const

/** What stands before a figure's name to say which latency is meant: `send.p99`. */
export const latencyPrefix = /^(due|send|connect|get|set)\./

export type LatencyKind = (typeof latencyKinds)[number]

/** How each kind is called on the command line and in tables. */
export const latencyNames: Readonly<Record<LatencyKind, string>> = {
  fromDue: 'due',
  fromSend: 'send',
  connect: 'connect',
  get: 'get',
  set: 'set',
}

/** A recorder with what a report has serialised. Throws a RangeError for what is not a histogram. */
export function recorderOf(encoded: string): LatencyRecorder {
  const recorder = new LatencyRecorder()
  recorder.merge(encoded)
  return recorder
}

/** The kind by which a run is judged where none is named: the first that was recorded. */
export function primaryKind(recorded: Partial<Record<LatencyKind, unknown>>): LatencyKind | undefined {
  return latencyKinds.find(kind => recorded[kind] !== undefined)
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
