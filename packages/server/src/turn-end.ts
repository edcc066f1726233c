import type { Loop } from 'reactor'

/** Something that has put work off to the end of the turn. */
export interface TurnWork {
  onTurnEnd(): void
}

/**
 * Calls those back who have put work off, all together, when the loop has taken in what has come: after the next look
 * at what else is there, which costs nothing to wait for.
 */
export class TurnEnd {
  readonly #loop: Loop
  #waiting: TurnWork[] = []

  constructor(loop: Loop) {
    this.#loop = loop
  }

  add(work: TurnWork): void {
    if (this.#waiting.push(work) > 1) return
    // A timer of Node's takes a millisecond at least.
    if (this.#loop.engine === 'node') setImmediate(() => this.#callAll())
    else this.#loop.timer(0, () => this.#callAll())
  }

  #callAll(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const work of waiting) work.onTurnEnd()
  }
}
