const perMillisecond = 1_000_000n
const perSecond = 1_000_000_000n

/** The wall clock was set when it is so far from ours, in nanoseconds: more than its own steps of a millisecond. */
const tolerance = 2n * perMillisecond

/**
 * The wall clock in nanoseconds: Node has one in milliseconds, and a monotonic one in nanoseconds that begins anywhere.
 * Never goes back, unless the wall clock is set.
 */
export class WallClock {
  #offset = measureOffset()

  /** Nanoseconds since 1970, UTC. */
  now(): bigint {
    const now = process.hrtime.bigint() + this.#offset
    const difference = now - BigInt(Date.now()) * perMillisecond
    if (difference > -tolerance && difference < tolerance) return now
    this.#offset = measureOffset()
    return process.hrtime.bigint() + this.#offset
  }
}

/** Waits for the wall clock to step, at most a millisecond: then it is exact. */
function measureOffset(): bigint {
  const start = Date.now()
  let now = start
  while (now === start) now = Date.now()
  return BigInt(now) * perMillisecond - process.hrtime.bigint()
}

/** Writes times down; whoever writes many in a second pays for the date once. */
export class TimeStamps {
  #second = -1n
  #date = ''

  /** Nanoseconds since 1970 as `2020.07.06 16:44:57.270823600`, UTC. */
  format(time: bigint): string {
    const second = time / perSecond
    if (second !== this.#second) {
      this.#second = second
      const iso = new Date(Number(second) * 1000).toISOString()
      this.#date = iso.slice(0, 19).replaceAll('-', '.').replace('T', ' ')
    }
    return `${this.#date}.${(time % perSecond).toString().padStart(9, '0')}`
  }
}
