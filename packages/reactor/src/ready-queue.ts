/** Something that can make progress when it is given its turn. */
export interface Ready {
  /** Owned by the queue. */
  queued: boolean
  /** Makes a bounded amount of progress, and puts itself back into the queue when there is more to make. */
  service(): void
}

/** What is ready and can make progress, in order of arrival. Entries that come back go to the end, for the next turn. */
export class ReadyQueue {
  #next: Ready[] = []
  #current: Ready[] = []

  get empty(): boolean {
    return this.#next.length === 0
  }

  add(entry: Ready): void {
    if (entry.queued) return
    entry.queued = true
    this.#next.push(entry)
  }

  /** Gives everything that is in the queue now one turn. */
  serveAll(): void {
    const current = this.#next
    this.#next = this.#current
    this.#current = current
    for (let at = 0; at < current.length; at++) {
      const entry = current[at] as Ready
      entry.queued = false
      entry.service()
    }
    current.length = 0
  }
}
