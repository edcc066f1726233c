import type { Samples } from './protocol.js'
import { SampleEntries, SampleRing, sampleCode } from './sample-ring.js'

/** Entries that become readable at once: telling the reader of each would cost as much as the entry. */
const batch = 64

/** Samples that are sent as a message at once, at most, where the ring is full. */
const spillCapacity = 8192

const fromDue = sampleCode('fromDue')
const fromSend = sampleCode('fromSend')
const connect = sampleCode('connect')
const get = sampleCode('get')
const set = sampleCode('set')

/**
 * Latencies in milliseconds on their way to the main thread, which keeps the histograms. `kept` tells what counts for
 * the run from what does not.
 *
 * What counts and what does not takes the same way. Where the two parted, V8 would meet the one for the first time when
 * the warm-up is over, throw the compiled code away, and compile it anew while it is measured.
 */
export class SampleWriter {
  readonly #ring: SampleRing
  readonly #spill: Spill
  #interval = 0
  #written: number
  /** Up to where the reader was known to have read, which may be longer ago. */
  #read: number

  /** `spill` sends what does not fit into the ring because the main thread did not come for long. */
  constructor(memory: SharedArrayBuffer, spill: (samples: Samples) => void) {
    this.#ring = new SampleRing(memory)
    this.#written = this.#ring.written
    this.#read = this.#ring.read
    this.#spill = new Spill(spill)
  }

  // One for each kind, for a name that is looked up costs more than what it stands for.
  addFromDue(kept: boolean, latency: number): void {
    this.#add(fromDue, kept, latency)
  }

  addFromSend(kept: boolean, latency: number): void {
    this.#add(fromSend, kept, latency)
  }

  addConnect(kept: boolean, latency: number): void {
    this.#add(connect, kept, latency)
  }

  addGet(kept: boolean, latency: number): void {
    this.#add(get, kept, latency)
  }

  addSet(kept: boolean, latency: number): void {
    this.#add(set, kept, latency)
  }

  #add(kind: number, kept: boolean, latency: number): void {
    const code = kept ? kind + 1 : kind
    const microseconds = latency * 1000
    if (SampleRing.full(this.#written, this.#read)) {
      this.publish()
      this.#read = this.#ring.read
      if (SampleRing.full(this.#written, this.#read)) {
        this.#spill.add(this.#interval, code, microseconds)
        return
      }
    }
    this.#ring.entries.set(SampleRing.indexOf(this.#written), this.#interval, code, microseconds)
    this.#written = SampleRing.next(this.#written)
    if (this.#written % batch === 0) this.publish()
  }

  /** What there is can be read from now on. */
  publish(): void {
    this.#ring.written = this.#written
  }

  /** An interval is over: all of its samples can be read, or have been sent. */
  endInterval(): void {
    this.publish()
    this.#spill.flush()
    this.#interval++
  }
}

/** What found the ring full. */
class Spill {
  readonly #send: (samples: Samples) => void
  readonly #memory = new ArrayBuffer(SampleEntries.bytes(spillCapacity))
  readonly #entries = new SampleEntries(this.#memory)
  #count = 0

  constructor(send: (samples: Samples) => void) {
    this.#send = send
  }

  add(interval: number, code: number, microseconds: number): void {
    this.#entries.set(this.#count++, interval, code, microseconds)
    if (this.#count === spillCapacity) this.flush()
  }

  flush(): void {
    if (this.#count === 0) return
    const entries = this.#memory.slice(0, SampleEntries.bytes(this.#count))
    this.#send({ kind: 'samples', entries })
    this.#count = 0
  }
}
