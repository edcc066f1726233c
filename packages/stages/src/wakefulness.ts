/** How often this process wants to run, in milliseconds. */
const tickEvery = 100

/** The time that is judged, in milliseconds: the patience with a program, twice. */
const span = 10_000

/**
 * The share of the span that this process may be late. Beside busy loops on every core it is late for a few percent; a
 * process that misses half of the time shares a machine on which a program may miss all of it.
 */
const limit = 0.5

interface Tick {
  readonly at: number
  readonly late: number
}

/** Watches whether this process itself gets to run: what it sees of others means nothing on a machine where it does not. */
export class Wakefulness {
  readonly #timer: NodeJS.Timeout
  readonly #clock: () => number
  #ticks: Tick[] = []
  #last: number

  /** `clock` tells milliseconds. */
  constructor(clock = () => performance.now()) {
    this.#clock = clock
    this.#last = clock()
    this.#timer = setInterval(() => this.tick(), tickEvery).unref()
  }

  /** Notes that this process runs. */
  tick(): void {
    const now = this.#clock()
    this.#ticks.push({ at: now, late: Math.max(0, now - this.#last - tickEvery) })
    this.#last = now
    this.#ticks = this.#ticks.filter(({ at }) => at > now - span)
  }

  /** Percent of the last ten seconds for which this process did not run although it wanted to. */
  get latePercent(): number {
    this.tick()
    const late = this.#ticks.reduce((sum, tick) => sum + tick.late, 0)
    return Math.min(100, (100 * late) / span)
  }

  /** True when the machine was so slow that time without progress means nothing. */
  get isHindered(): boolean {
    return this.latePercent >= 100 * limit
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
