import type { Disturbance } from './machine/noise.js'

/** What one side used while it was measured. */
export interface Use {
  readonly cpuSeconds: number
  /** Bytes; undefined where it says nothing, as for the load client. */
  readonly peakMemory?: number
}

/** What one contender did in one round of a case. */
export interface Measurement {
  /** By the name of the metric, in its unit. The case's own metric is among them. */
  readonly values: Readonly<Record<string, number>>
  /** How long the measured time was. */
  readonly seconds: number
  /** What went there and back in it. */
  readonly messages: number
  readonly bytes: number
  /** Of the contender itself: the server in most cases, the generator where generators are compared. */
  readonly own: Use
  /** Of the other side: the load client, or the server. */
  readonly other: Use
  readonly disturbance: Disturbance
  /** Share of the messages that the load client itself sent more than 1 ms after they were due, 0 to 1. */
  readonly lateness: number
}

/** Percent of one core that a side used. */
export function cpuPercent(measurement: Measurement, side: 'own' | 'other'): number {
  return (measurement[side].cpuSeconds / measurement.seconds) * 100
}
