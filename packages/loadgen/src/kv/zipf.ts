/**
 * Numbers from 0 to `count` - 1, of which number r comes with a probability proportional to (r + 1)^-exponent. Costs
 * the same for any count: rejection-inversion (W. Hörmann, G. Derflinger, Rejection-inversion to generate variates from
 * monotone discrete distributions, ACM TOMACS 6(3), 1996). Of the variates that it tries it keeps four out of five or
 * more.
 */
export class Zipf {
  readonly #count: number
  readonly #exponent: number
  /** The area under the hat, from its beginning to its end. */
  readonly #areaBegin: number
  readonly #areaEnd: number
  /** A variate that lies no further than this below a whole number needs no second look. */
  readonly #surelyBelow: number

  /** `count` is at least 1, and `exponent` above 0. */
  constructor(count: number, exponent: number) {
    this.#count = count
    this.#exponent = exponent
    // The whole of the first number's probability belongs to it: the hat begins where that much lies below 1.5.
    this.#areaBegin = this.#area(1.5) - 1
    this.#areaEnd = this.#area(count + 0.5)
    this.#surelyBelow = 2 - this.#place(this.#area(2.5) - this.#height(2))
  }

  /** The next one; `random` gives numbers that are equally distributed from 0 up to 1, which never comes. */
  sample(random: () => number): number {
    for (;;) {
      const area = this.#areaBegin + random() * (this.#areaEnd - this.#areaBegin)
      const x = this.#place(area)
      const rank = Math.min(this.#count, Math.max(1, Math.round(x)))
      if (rank - x <= this.#surelyBelow || area >= this.#area(rank + 0.5) - this.#height(rank)) return rank - 1
    }
  }

  #height(x: number): number {
    return x ** -this.#exponent
  }

  /** The integral of the height from 1 to x. */
  #area(x: number): number {
    const power = 1 - this.#exponent
    return power === 0 ? Math.log(x) : Math.expm1(power * Math.log(x)) / power
  }

  /** The inverse of `#area`. */
  #place(area: number): number {
    const power = 1 - this.#exponent
    // Rounding must not carry it past the pole.
    return power === 0 ? Math.exp(area) : Math.exp(Math.log1p(Math.max(-1, power * area)) / power)
  }
}
