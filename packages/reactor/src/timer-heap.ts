/** An entry of a TimerHeap; `index` is its place in the heap, or -1 when it is not in it. */
export interface TimerEntry {
  readonly due: number
  readonly callback: () => void
  index: number
}

/** A binary min-heap by due time. Adding, cancelling and taking cost O(log n). */
export class TimerHeap {
  readonly #entries: TimerEntry[] = []

  get size(): number {
    return this.#entries.length
  }

  /** Due time of the earliest entry in milliseconds, Infinity when there is none. */
  get nextDue(): number {
    return this.#entries[0]?.due ?? Number.POSITIVE_INFINITY
  }

  add(due: number, callback: () => void): TimerEntry {
    const entry: TimerEntry = { due, callback, index: this.#entries.length }
    this.#entries.push(entry)
    this.#rise(entry)
    return entry
  }

  /** Takes an entry out; one that has fired or was cancelled is left alone. */
  cancel(entry: TimerEntry): void {
    if (entry.index === -1) return
    const at = entry.index
    const last = this.#entries.pop() as TimerEntry
    entry.index = -1
    if (last === entry) return
    this.#put(last, at)
    this.#rise(last)
    this.#sink(last)
  }

  /** Takes out the earliest entry that is due at `now`; undefined when none is. */
  takeDue(now: number): TimerEntry | undefined {
    const first = this.#entries[0]
    if (first === undefined || first.due > now) return undefined
    this.cancel(first)
    return first
  }

  #put(entry: TimerEntry, index: number): void {
    this.#entries[index] = entry
    entry.index = index
  }

  #rise(entry: TimerEntry): void {
    while (entry.index > 0) {
      const parent = this.#entries[(entry.index - 1) >> 1] as TimerEntry
      if (parent.due <= entry.due) return
      const at = entry.index
      this.#put(entry, parent.index)
      this.#put(parent, at)
    }
  }

  #sink(entry: TimerEntry): void {
    for (;;) {
      const left = this.#entries[entry.index * 2 + 1]
      const right = this.#entries[entry.index * 2 + 2]
      const child = right !== undefined && left !== undefined && right.due < left.due ? right : left
      if (child === undefined || child.due >= entry.due) return
      const at = entry.index
      this.#put(entry, child.index)
      this.#put(child, at)
    }
  }
}
