import type { LatencyKind, Samples } from './protocol.js'

/** Samples that are handed over at once, at most. */
const capacity = 8192

/**
 * Latencies in milliseconds on their way to the main thread, which keeps the histograms: the load thread stores a
 * number, and copies some thousands of them now and then. `kept` tells what counts for the run from what does not.
 */
export class SampleBuffers {
  readonly #fromDue: SampleBuffer
  readonly #fromDueOther: SampleBuffer
  readonly #fromSend: SampleBuffer
  readonly #fromSendOther: SampleBuffer
  readonly #connect: SampleBuffer
  readonly #connectOther: SampleBuffer
  readonly #get: SampleBuffer
  readonly #getOther: SampleBuffer
  readonly #set: SampleBuffer
  readonly #setOther: SampleBuffer

  constructor(emit: (samples: Samples) => void) {
    const buffer = (of: LatencyKind, kept: boolean) =>
      new SampleBuffer(values => emit({ kind: 'samples', of, kept, values }))
    this.#fromDue = buffer('fromDue', true)
    this.#fromDueOther = buffer('fromDue', false)
    this.#fromSend = buffer('fromSend', true)
    this.#fromSendOther = buffer('fromSend', false)
    this.#connect = buffer('connect', true)
    this.#connectOther = buffer('connect', false)
    this.#get = buffer('get', true)
    this.#getOther = buffer('get', false)
    this.#set = buffer('set', true)
    this.#setOther = buffer('set', false)
  }

  // One for each kind, for a name that is looked up costs more than what it stands for.
  addFromDue(kept: boolean, latency: number): void {
    ;(kept ? this.#fromDue : this.#fromDueOther).add(latency)
  }

  addFromSend(kept: boolean, latency: number): void {
    ;(kept ? this.#fromSend : this.#fromSendOther).add(latency)
  }

  addConnect(kept: boolean, latency: number): void {
    ;(kept ? this.#connect : this.#connectOther).add(latency)
  }

  addGet(kept: boolean, latency: number): void {
    ;(kept ? this.#get : this.#getOther).add(latency)
  }

  addSet(kept: boolean, latency: number): void {
    ;(kept ? this.#set : this.#setOther).add(latency)
  }

  /** Hands over what there is. */
  flush(): void {
    this.#fromDue.flush()
    this.#fromDueOther.flush()
    this.#fromSend.flush()
    this.#fromSendOther.flush()
    this.#connect.flush()
    this.#connectOther.flush()
    this.#get.flush()
    this.#getOther.flush()
    this.#set.flush()
    this.#setOther.flush()
  }
}

class SampleBuffer {
  /** Microseconds. */
  readonly #values = new Float32Array(capacity)
  readonly #handOver: (values: Float32Array) => void
  #count = 0

  constructor(handOver: (values: Float32Array) => void) {
    this.#handOver = handOver
  }

  add(latency: number): void {
    this.#values[this.#count++] = latency * 1000
    if (this.#count === capacity) this.flush()
  }

  flush(): void {
    if (this.#count === 0) return
    this.#handOver(this.#values.slice(0, this.#count))
    this.#count = 0
  }
}
