import { LatencyRecorder, type LatencySummary } from '../measurement/latency-recorder.js'
import { latencyKinds } from '../measurement/recorded-latency.js'
import type { RecordedLatency } from '../report.js'
import type { LatencyKind, Samples } from '../thread/protocol.js'

/** The latencies of a run: what counts, and apart from it what does not, such as the warm-up's. */
export class LatencyAccount {
  readonly #others = new Map<LatencyKind, LatencyRecorder>()
  readonly #kept = new Map<LatencyKind, LatencyRecorder>()
  readonly #both = [this.#others, this.#kept] as const

  take({ of, kept, values }: Samples): void {
    const recorders = this.#both[kept ? 1 : 0]
    let recorder = recorders.get(of)
    if (recorder === undefined) {
      recorder = new LatencyRecorder()
      recorders.set(of, recorder)
    }
    for (const value of values) recorder.record(Math.max(0, value))
  }

  /** The figures since the last call: of what counts, or else of the rest. */
  takeInterval(): { readonly [Kind in LatencyKind]?: LatencySummary } {
    return Object.fromEntries(
      latencyKinds.flatMap(kind => {
        const [other, kept] = this.#both.map(recorders => recorders.get(kind)?.takeInterval())
        const summary = kept !== undefined && kept.count > 0 ? kept : other
        return summary === undefined || summary.count === 0 ? [] : [[kind, summary]]
      })
    )
  }

  /** Everything that counts. */
  recorded(): RecordedLatency {
    return Object.fromEntries([...this.#kept].map(([kind, recorder]) => [kind, recorder.encode()]))
  }
}
