import { memoryOf } from '../measurement/server-cost.js'
import type { ServerSample } from '../report.js'

/** As many as a chart can show: more points than any screen has columns only make a page slow. */
export const mostSamples = 4_000

/**
 * The samples of a server, of which no more are kept however long the run lasts: when there are too many, each two
 * neighbours become one, and from then on one stands for twice as many. The first, with which memory is compared, stays
 * as it is; the highest memory is always kept, and so is the CPU time from any sample to any other.
 */
export class ServerSamples {
  readonly #most: number
  #samples: ServerSample[] = []
  /** How many were taken for each that is kept, and for the last one so far. */
  #together = 1
  #inLast = 1

  /** At least 2. */
  constructor(most = mostSamples) {
    this.#most = most
  }

  get list(): readonly ServerSample[] {
    return this.#samples
  }

  add(sample: ServerSample): void {
    const samples = this.#samples
    if (samples.length > 1 && this.#inLast < this.#together) {
      samples.push(joined(samples.at(-2) as ServerSample, samples.pop() as ServerSample, sample))
      this.#inLast++
      return
    }
    if (samples.length === this.#most) {
      this.#halve()
      this.add(sample)
      return
    }
    samples.push(sample)
    this.#inLast = 1
  }

  #halve(): void {
    const halved = this.#samples.slice(0, 1)
    for (let at = 1; at < this.#samples.length; at += 2) {
      const [one, other] = this.#samples.slice(at, at + 2) as [ServerSample, ServerSample?]
      halved.push(other === undefined ? one : joined(this.#samples[at - 1] as ServerSample, one, other))
    }
    const odd = this.#samples.length % 2 === 0
    this.#inLast = odd ? this.#together : 2 * this.#together
    this.#together *= 2
    this.#samples = halved
  }
}

/** Two neighbours as one, which ends with the later one; `before` is the sample before them. */
function joined(before: ServerSample, one: ServerSample, other: ServerSample): ServerSample {
  const most = memoryOf(one) > memoryOf(other) ? one : other
  const time = other.at - before.at
  const busy = one.cpuPercent * (one.at - before.at) + other.cpuPercent * (other.at - one.at)
  return {
    ...most,
    at: other.at,
    cpuPercent: time > 0 ? busy / time : other.cpuPercent,
    cpuSeconds: other.cpuSeconds,
    threads: Math.max(one.threads, other.threads),
  }
}
