/** Milliseconds that a session may go on answering messages that stand in line, while other connections wait. */
const longestSlice = 2

/** The clock is looked at only once for so many messages. */
const messagesBetweenLooks = 32

/**
 * A connection's share of a loop's turn: of many small messages that came together a session answers some, and the rest
 * when the others had their turn. One for each loop, since one session runs at a time.
 */
export class TurnSlice {
  #messages = 0
  #start = 0
  #over = false

  /** A session begins or goes on. */
  begin(): void {
    this.#messages = 0
    this.#over = false
  }

  /** To be asked before each message. */
  isOver(): boolean {
    if (this.#over) return true
    if (++this.#messages % messagesBetweenLooks !== 0) return false
    const now = performance.now()
    if (this.#messages === messagesBetweenLooks) this.#start = now
    this.#over = now - this.#start > longestSlice
    return this.#over
  }
}
