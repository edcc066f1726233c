import type { LatencyKind, Samples } from './protocol.js'

/** Samples that are handed over at once, at most. */
const capacity = 8192

/**
 * Latencies on their way to the main thread, which keeps the histograms: the load thread stores a number, and copies
 * some thousands of them now and then.
 */
export class SampleBuffers {
  readonly #emit: (samples: Samples) => void
  readonly #buffers = {
    fromDue: [undefined, undefined] as (SampleBuffer | undefined)[],
    fromSend: [undefined, undefined] as (SampleBuffer | undefined)[],
    connect: [undefined, undefined] as (SampleBuffer | undefined)[],
  }

  constructor(emit: (samples: Samples) => void) {
    this.#emit = emit
  }

  /** Adds a latency in milliseconds. */
  add(of: LatencyKind, kept: boolean, latency: number): void {
    const pair = this.#buffers[of]
    const which = kept ? 0 : 1
    let buffer = pair[which]
    if (buffer === undefined) {
      buffer = new SampleBuffer(values => this.#emit({ kind: 'samples', of, kept, values }))
      pair[which] = buffer
    }
    buffer.add(latency * 1000)
  }

  /** Hands over what there is. */
  flush(): void {
    for (const pair of Object.values(this.#buffers)) for (const buffer of pair) buffer?.flush()
  }
}

class SampleBuffer {
  readonly #values = new Float32Array(capacity)
  readonly #handOver: (values: Float32Array) => void
  #count = 0

  constructor(handOver: (values: Float32Array) => void) {
    this.#handOver = handOver
  }

  add(value: number): void {
    this.#values[this.#count++] = value
    if (this.#count === capacity) this.flush()
  }

  flush(): void {
    if (this.#count === 0) return
    this.#handOver(this.#values.slice(0, this.#count))
    this.#count = 0
  }
}
