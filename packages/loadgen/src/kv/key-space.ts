import type { Share } from '../pacing/share.js'

function commonDivisor(one: number, other: number): number {
  return other === 0 ? one : commonDivisor(other, one % other)
}

/** How the keys of one target are dealt out to the load threads that have connections to it. */
export interface KeySpaceOptions {
  /** Keys of each target. */
  readonly keys: number
  /** The target's index, and how many targets there are: connections are dealt out to them in turn. */
  readonly target: number
  readonly targets: number
  /** Connections of the whole plan. */
  readonly connections: number
  readonly share: Share
}

/**
 * The keys that a load thread's connections use at one target. All of them may be read; written are only those that
 * are the thread's own, which no other thread or process writes. Keys are numbered through over all targets: two
 * targets may be two doors of one store.
 */
export class KeySpace {
  /** The number of the target's first key. */
  readonly first: number
  readonly #keys: number
  /** Of so many keys in a row one is the thread's own: the one in this place. */
  readonly #owners: number
  readonly #place: number

  /** The thread has at least one connection to the target. */
  constructor({ keys, target, targets, connections, share }: KeySpaceOptions) {
    this.first = target * keys
    this.#keys = keys
    // Connection i of a target has number target + i * targets, and is of share number % count: this repeats itself
    // after so many of them, all of which are of different shares.
    const period = share.count / commonDivisor(share.count, targets)
    const ofTarget = Math.ceil((connections - target) / targets)
    this.#owners = Math.min(period, ofTarget)
    let place = 0
    while ((target + place * targets) % share.count !== share.index) place++
    this.#place = place
  }

  /** How many keys are the thread's own. */
  get own(): number {
    return Math.ceil((this.#keys - this.#place) / this.#owners)
  }

  /** The number of the thread's own key `ordinal`, from 0. */
  ownKey(ordinal: number): number {
    return this.first + this.#place + ordinal * this.#owners
  }

  isOwn(key: number): boolean {
    return (key - this.first) % this.#owners === this.#place
  }

  /** The own key that is nearest to the one in place `rank`. */
  ownNear(rank: number): number {
    const key = rank - (rank % this.#owners) + this.#place
    return this.first + (key < this.#keys ? key : key - this.#owners)
  }
}
