/** Counts Ctrl-C and SIGTERM from its creation on, instead of letting them end the process. */
export class Interrupts {
  #count = 0
  readonly #first: Promise<void>

  constructor() {
    this.#first = new Promise(resolve => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) {
        process.on(signal, () => {
          this.#count++
          resolve()
        })
      }
    })
  }

  /** Settles when the first one comes. */
  get first(): Promise<void> {
    return this.#first
  }

  /** True when somebody has asked again. */
  get isRepeated(): boolean {
    return this.#count > 1
  }
}
