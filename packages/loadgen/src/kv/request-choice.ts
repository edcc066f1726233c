import { type StreamKey, streamKey, wordAt } from '../payload/generator.js'
import { MessageLengths } from '../payload/message-lengths.js'
import type { KeySpace } from './key-space.js'
import { Zipf } from './zipf.js'

/** An epoch whose bytes no run reaches (see message-lengths.ts and schedule.ts for others): its words choose. */
const choiceEpoch = 4093

/** Which keys are used how often. */
export interface KeyDistribution {
  readonly shape: 'uniform' | 'zipf'
  /** Of Zipf's law: the key in place k comes with a probability proportional to k^-exponent. 0 for `uniform`. */
  readonly exponent: number
}

export interface RequestMix {
  readonly ratio: { readonly gets: number; readonly sets: number }
  /** Keys of each target. */
  readonly keys: number
  readonly distribution: KeyDistribution
  readonly valueSize: { readonly minimum: number; readonly maximum: number }
}

/** The places of keys, as a distribution has them. */
type Ranks = (random: () => number) => number

/** What all connections of a thread can share. */
export function ranksOf({ keys, distribution: { shape, exponent } }: RequestMix): Ranks {
  if (shape === 'uniform') return random => Math.floor(random() * keys)
  const zipf = new Zipf(keys, exponent)
  return random => zipf.sample(random)
}

/** What a connection asks for: always the same for the same seed. */
export class RequestChoice {
  /** The request that was chosen last; `size` is that of a set's value, 0 for a get. */
  key = 0
  size = 0
  readonly #setShare: number
  readonly #ranks: Ranks
  readonly #space: KeySpace
  readonly #sizes: MessageLengths
  readonly #words: StreamKey
  #word = 0

  constructor(seed: number, connection: number, mix: RequestMix, ranks: Ranks, space: KeySpace) {
    this.#setShare = mix.ratio.sets / (mix.ratio.gets + mix.ratio.sets)
    this.#ranks = ranks
    this.#space = space
    this.#sizes = new MessageLengths(seed, connection, mix.valueSize)
    this.#words = streamKey(seed, connection, choiceEpoch)
  }

  /** Chooses the next one. */
  next(): void {
    const isSet = this.#random() < this.#setShare
    const rank = this.#ranks(this.#random)
    this.key = isSet ? this.#space.ownNear(rank) : this.#space.first + rank
    this.size = isSet ? this.nextSize() : 0
  }

  /** The length of the next value. */
  nextSize(): number {
    return this.#sizes.next()
  }

  /** From 0 up to 1, in steps of 2^-53. */
  readonly #random = (): number => {
    const [high, low] = [wordAt(this.#word++ >>> 0, this.#words), wordAt(this.#word++ >>> 0, this.#words)]
    return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53
  }
}
