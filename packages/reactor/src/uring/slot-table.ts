/** Those who have operations in flight, by the number that stands in the user data of each. */
export class SlotTable<Owner extends { readonly slot: number }> implements Iterable<Owner> {
  readonly #owners: (Owner | undefined)[] = []
  readonly #free: number[] = []

  get size(): number {
    return this.#owners.length - this.#free.length
  }

  /** Makes an owner for a free slot. */
  add<Made extends Owner>(make: (slot: number) => Made): Made {
    const slot = this.#free.pop() ?? this.#owners.push(undefined) - 1
    const owner = make(slot)
    this.#owners[slot] = owner
    return owner
  }

  /** The owner of a slot that is taken. */
  at(slot: number): Owner {
    return this.#owners[slot] as Owner
  }

  /** Frees a slot. Only after the last completion of its owner's operations: the next one takes the number over. */
  remove(owner: Owner): void {
    this.#owners[owner.slot] = undefined
    this.#free.push(owner.slot)
  }

  *[Symbol.iterator](): Iterator<Owner> {
    for (const owner of this.#owners) {
      if (owner !== undefined) yield owner
    }
  }
}
