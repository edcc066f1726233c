import { type LatencyKind, latencyKinds } from '../measurement/latency-kind.js'
import { LatencyRecorder, type LatencySummary } from '../measurement/latency-recorder.js'
import type { RecordedLatency } from '../report.js'
import type { Samples } from '../thread/protocol.js'
import { ofSampleCode, SampleEntries, sampleCode } from '../thread/sample-ring.js'

/** The latencies of a run: what counts, and apart from it what does not, such as the warm-up's. */
export class LatencyAccount {
  /** By the code of their samples. */
  readonly #recorders: (LatencyRecorder | undefined)[] = []

  /** A sample of a kind that a `sampleCode` stands for. */
  readonly record = (code: number, microseconds: number): void => {
    const recorder = this.#recorders[code] ?? this.#create(code)
    recorder.record(Math.max(0, microseconds))
  }

  #create(code: number): LatencyRecorder {
    const recorder = new LatencyRecorder()
    this.#recorders[code] = recorder
    return recorder
  }

  recordAll({ entries: memory }: Samples): void {
    const entries = new SampleEntries(memory)
    for (let index = 0; index < entries.length; index++)
      this.record(entries.codeAt(index), entries.microsecondsAt(index))
  }

  /** The figures since the last call: of what counts, or else of the rest. */
  takeInterval(): { readonly [Kind in LatencyKind]?: LatencySummary } {
    return Object.fromEntries(
      latencyKinds.flatMap(kind => {
        const code = sampleCode(kind)
        const [other, kept] = [code, code + 1].map(one => this.#recorders[one]?.takeInterval())
        const summary = kept !== undefined && kept.count > 0 ? kept : other
        return summary === undefined || summary.count === 0 ? [] : [[kind, summary]]
      })
    )
  }

  /** Everything that counts. */
  recorded(): RecordedLatency {
    return Object.fromEntries(
      this.#recorders.flatMap((recorder, code) => {
        const { kind, kept } = ofSampleCode(code)
        return recorder === undefined || !kept ? [] : [[kind, recorder.encode()]]
      })
    )
  }
}
