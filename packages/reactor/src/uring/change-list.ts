/** Something whose wishes may differ from what it has in flight. */
export interface Changing {
  /** Owned by the list. */
  changed: boolean
  /** Submits the difference. Must not add to the list. */
  flush(): void
}

/** Those to flush at the end of a turn, each once. */
export class ChangeList {
  readonly #entries: (Changing | undefined)[] = []
  #count = 0

  add(entry: Changing): void {
    if (entry.changed) return
    entry.changed = true
    this.#entries[this.#count++] = entry
  }

  flush(): void {
    const count = this.#count
    this.#count = 0
    for (let at = 0; at < count; at++) {
      const entry = this.#entries[at] as Changing
      // The array keeps its length, which costs nothing, but must not keep the dead alive.
      this.#entries[at] = undefined
      entry.changed = false
      entry.flush()
    }
  }
}
