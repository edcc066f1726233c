import { SampleRing } from '../thread/sample-ring.js'

/** The main thread's end of a load thread's samples. */
export class SampleReader {
  readonly #ring: SampleRing
  #interval = 0
  #position: number

  constructor(memory: SharedArrayBuffer) {
    this.#ring = new SampleRing(memory)
    this.#position = this.#ring.read
  }

  /** Takes the samples that have come, up to the end of the thread's interval that has not been completed. */
  collect(take: (code: number, microseconds: number) => void): void {
    const { entries, written } = this.#ring
    let position = this.#position
    while (position !== written) {
      const index = SampleRing.indexOf(position)
      if (entries.intervalAt(index) !== this.#interval) break
      take(entries.codeAt(index), entries.microsecondsAt(index))
      position = SampleRing.next(position)
    }
    this.#position = position
    this.#ring.read = position
  }

  /** The interval is complete: what comes now belongs to the next one. */
  completeInterval(): void {
    this.#interval++
  }
}
