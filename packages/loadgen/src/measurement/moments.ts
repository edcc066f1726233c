/** Mean and standard deviation of numbers that are added one by one, without keeping them. */
export class Moments {
  /** What is summed up is the distance from the first number, lest the sums' rounding swallow small differences. */
  #origin = 0
  #count = 0
  #sum = 0
  #sumOfSquares = 0

  add(value: number): void {
    if (this.#count++ === 0) this.#origin = value
    const distance = value - this.#origin
    this.#sum += distance
    this.#sumOfSquares += distance * distance
  }

  /** 0 of nothing. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#origin + this.#sum / this.#count
  }

  /** That of exactly these numbers, not an estimate for what they were drawn from; 0 of nothing. */
  get standardDeviation(): number {
    if (this.#count === 0) return 0
    const variance = (this.#sumOfSquares - this.#sum ** 2 / this.#count) / this.#count
    return Math.sqrt(Math.max(0, variance))
  }

  clear(): void {
    this.#count = 0
    this.#sum = 0
    this.#sumOfSquares = 0
  }
}
