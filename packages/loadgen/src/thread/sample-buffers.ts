import type { LatencyKind, Samples } from './protocol.js'

/** Samples that are handed over at once, at most. */
const capacity = 8192

/**
 * Latencies in milliseconds on their way to the main thread, which keeps the histograms: the load thread stores a
 * number, and copies some thousands of them now and then. `kept` tells what counts for the run from what does not.
 *
 * What counts and what does not takes the same way. Where the two parted, V8 would meet the one for the first time when
 * the warm-up is over, throw the compiled code away, and compile it anew while it is measured.
 */
export class SampleBuffers {
  readonly #fromDue: BufferPair
  readonly #fromSend: BufferPair
  readonly #connect: BufferPair
  readonly #get: BufferPair
  readonly #set: BufferPair

  constructor(emit: (samples: Samples) => void) {
    const pair = (of: LatencyKind) => new BufferPair((kept, values) => emit({ kind: 'samples', of, kept, values }))
    this.#fromDue = pair('fromDue')
    this.#fromSend = pair('fromSend')
    this.#connect = pair('connect')
    this.#get = pair('get')
    this.#set = pair('set')
  }

  // One for each kind, for a name that is looked up costs more than what it stands for.
  addFromDue(kept: boolean, latency: number): void {
    this.#fromDue.add(kept, latency)
  }

  addFromSend(kept: boolean, latency: number): void {
    this.#fromSend.add(kept, latency)
  }

  addConnect(kept: boolean, latency: number): void {
    this.#connect.add(kept, latency)
  }

  addGet(kept: boolean, latency: number): void {
    this.#get.add(kept, latency)
  }

  addSet(kept: boolean, latency: number): void {
    this.#set.add(kept, latency)
  }

  /** Hands over what there is. */
  flush(): void {
    for (const pair of [this.#fromDue, this.#fromSend, this.#connect, this.#get, this.#set]) pair.flush()
  }
}

/** What does not count, and what does. */
class BufferPair {
  readonly #buffers: readonly [SampleBuffer, SampleBuffer]

  constructor(handOver: (kept: boolean, values: Float32Array) => void) {
    this.#buffers = [
      new SampleBuffer(values => handOver(false, values)),
      new SampleBuffer(values => handOver(true, values)),
    ]
  }

  add(kept: boolean, latency: number): void {
    this.#buffers[kept ? 1 : 0].add(latency)
  }

  flush(): void {
    for (const buffer of this.#buffers) buffer.flush()
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
