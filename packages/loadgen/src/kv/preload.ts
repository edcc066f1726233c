import type { KeySpace } from './key-space.js'

/** Sets each of a thread's own keys once, before anything is measured: whoever is free takes the next one. */
export class Preload {
  /** Keys that have been confirmed, and the time (ms) that this took. */
  preloaded = 0
  time = 0
  readonly #spaces: ReadonlyMap<number, KeySpace>
  readonly #next = new Map<number, number>()
  #startedAt = Number.NaN
  #underWay = 0
  #onDone: (() => void) | undefined

  /** The key spaces of the thread's targets, by the targets' indices; none: nothing is to be set. */
  constructor(spaces: ReadonlyMap<number, KeySpace>) {
    this.#spaces = spaces
  }

  /** The next key to set at a target; undefined: there are no more. It has to be `confirmed` or `lost`. */
  take(target: number, now: number): number | undefined {
    const ordinal = this.#next.get(target) ?? 0
    const space = this.#spaces.get(target)
    if (space === undefined || ordinal >= space.own) return undefined
    if (Number.isNaN(this.#startedAt)) this.#startedAt = now
    this.#next.set(target, ordinal + 1)
    this.#underWay++
    return space.ownKey(ordinal)
  }

  confirmed(now: number): void {
    this.preloaded++
    this.time = now - this.#startedAt
    this.#settle(1)
  }

  /** So many will not be confirmed: their connection has ended. */
  lost(count: number): void {
    this.#settle(count)
  }

  #settle(count: number): void {
    this.#underWay -= count
    if (this.#underWay === 0) this.#tell()
  }

  /** Calls `onDone` as soon as nothing is under way; every connection has taken keys while there were any. */
  whenDone(onDone: () => void): void {
    this.#onDone = onDone
    if (this.#underWay === 0) this.#tell()
  }

  #tell(): void {
    const onDone = this.#onDone
    this.#onDone = undefined
    onDone?.()
  }
}
