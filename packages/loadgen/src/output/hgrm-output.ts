import { primaryKind } from '../measurement/latency-kind.js'
import { recorderOf } from '../measurement/recorded-latency.js'
import type { Destination } from './destination.js'
import type { Output } from './output.js'

/**
 * The distribution of the latencies in milliseconds, as HdrHistogram's plotter reads it: from the due time where the
 * run had a schedule, else from the send, else of connecting.
 */
export function hgrmOutput(to: Destination): Output {
  return {
    onEnd({ report: { latency } }) {
      const kind = primaryKind(latency)
      const encoded = kind === undefined ? undefined : latency[kind]
      to.write(encoded === undefined ? '#[No latencies were recorded]\n' : recorderOf(encoded).percentileTable())
      to.close()
    },
  }
}
