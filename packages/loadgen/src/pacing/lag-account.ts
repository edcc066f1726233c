/** What was begun later than this (ms) by the generator's fault is told. */
export const lateness = 1

/** How far a pacer fell behind although it could have begun: see `Lag` in report.ts. */
export interface PacerLag {
  readonly scheduled: number
  readonly late: number
  readonly longest: number
  readonly total: number
}

const scheduled = 0
const late = 1
const longest = 2
const total = 3

/**
 * Adds up the lag of what counts. It does so whether there is something to add or not, in an array that has room for
 * fractions from the start: what comes for the first time while it is measured makes V8 throw compiled code away.
 */
export class LagAccount {
  readonly #sums = new Float64Array(4)

  add(behind: number, counts: boolean): void {
    const isLate = behind > lateness && counts ? 1 : 0
    this.#increase(scheduled, counts ? 1 : 0)
    this.#increase(late, isLate)
    this.#increase(total, isLate * behind)
    this.#sums[longest] = Math.max(this.#sums[longest] as number, isLate * behind)
  }

  #increase(place: number, amount: number): void {
    this.#sums[place] = (this.#sums[place] as number) + amount
  }

  get figures(): PacerLag {
    const [scheduledCount = 0, lateCount = 0, longestLag = 0, totalLag = 0] = this.#sums
    return { scheduled: scheduledCount, late: lateCount, longest: longestLag, total: totalLag }
  }
}
