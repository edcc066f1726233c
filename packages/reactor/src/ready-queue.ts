/** Something that can make progress when it is given its turn. */
export interface Ready {
  /** Owned by the queue. */
  queued: boolean
  /** Makes a bounded amount of progress, and puts itself back into the queue when there is more to make. */
  service(): void
}

/** What is ready and can make progress, in order of arrival. Entries that come back go to the end, for the next turn. */
export class ReadyQueue {
  // Arrays that keep their length, since one that is cut off has to grow anew in each turn; they do not keep the dead.
  #next: (Ready | undefined)[] = []
  #current: (Ready | undefined)[] = []
  #count = 0

  get empty(): boolean {
    return this.#count === 0
  }

  add(entry: Ready): void {
    if (entry.queued) return
    entry.queued = true
    this.#next[this.#count++] = entry
  }

  /** Gives everything that is in the queue now one turn. */
  serveAll(): void {
    const count = this.#count
    const current = this.#next
    this.#next = this.#current
    this.#current = current
    this.#count = 0
    for (let at = 0; at < count; at++) {
      const entry = current[at] as Ready
      current[at] = undefined
      entry.queued = false
      entry.service()
    }
  }
}
