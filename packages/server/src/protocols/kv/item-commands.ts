import { textOf } from '../ascii.js'
import type { Counter, Counters } from '../counters.js'
import type { CountCommand, DeleteCommand, FlushCommand, StoreCommand, TouchCommand } from './command.js'
import type { Item } from './item-record.js'
import type { ItemStore } from './item-store.js'
import { type KvCounter, kvCounters } from './kv-counters.js'
import { counted, countedOf, expiry } from './numbers.js'

/** Milliseconds since 1970. */
type Clock = () => number

/** What the commands do to the store, and the words that answer them. One for each worker. */
export class ItemCommands {
  readonly #store: ItemStore
  readonly #counters: Readonly<Record<KvCounter, Counter>>
  readonly #clock: Clock

  constructor(store: ItemStore, counters: Counters, clock: Clock = Date.now) {
    this.#store = store
    const named = kvCounters.map(name => [name, counters.counter(name)] as const)
    this.#counters = Object.fromEntries(named) as Record<KvCounter, Counter>
    this.#clock = clock
  }

  /** `get` and its kin: the item, if there is one; counted. With `touch` its end is set anew. */
  retrieve(key: Uint8Array, touch: number | undefined): Item | undefined {
    const item = touch === undefined ? this.#store.get(key) : this.#touchAndGet(key, touch)
    this.#count('cmd_get')
    this.#count(item === undefined ? 'get_misses' : 'get_hits')
    return item
  }

  store(command: StoreCommand, value: Uint8Array): string {
    const { mode, key, flags, exptime } = command
    this.#count('cmd_set')
    const header = { flags, expiry: expiry(exptime, this.#clock()) }
    return this.#store.change(() => {
      const old = mode === 'set' ? undefined : this.#store.get(key)
      const refusal = this.#refusal(command, old)
      if (refusal !== undefined) return refusal
      // Flags and end of what is appended to stay as they are.
      if (mode === 'append') this.#store.put(key, old as Item, (old as Item).value, value)
      else if (mode === 'prepend') this.#store.put(key, old as Item, value, (old as Item).value)
      else this.#store.put(key, header, value)
      this.#count('total_items')
      return 'STORED'
    })
  }

  count({ direction, key, delta }: CountCommand): string {
    return this.#store.change(() => {
      const item = this.#store.get(key)
      this.#count(item === undefined ? `${direction}_misses` : `${direction}_hits`)
      if (item === undefined) return 'NOT_FOUND'
      const value = countedOf(textOf(item.value))
      if (value === undefined) return 'CLIENT_ERROR cannot increment or decrement non-numeric value'
      const text = counted(value, direction, delta).toString()
      this.#store.put(key, item, Buffer.from(text))
      return text
    })
  }

  touch({ key, exptime }: TouchCommand): string {
    return this.#touchAndGet(key, exptime) === undefined ? 'NOT_FOUND' : 'TOUCHED'
  }

  delete({ key }: DeleteCommand): string {
    return this.#store.change(() => {
      const found = this.#store.get(key) !== undefined
      this.#count(found ? 'delete_hits' : 'delete_misses')
      if (found) this.#store.remove(key)
      return found ? 'DELETED' : 'NOT_FOUND'
    })
  }

  flush({ delay }: FlushCommand): string {
    this.#count('cmd_flush')
    const now = this.#clock()
    this.#store.flush(delay === 0 ? now : expiry(delay, now))
    return 'OK'
  }

  /** Why a value is not stored beside what is there. */
  #refusal({ mode, cas }: StoreCommand, old: Item | undefined): string | undefined {
    switch (mode) {
      case 'set':
        return undefined
      case 'add':
        return old === undefined ? undefined : 'NOT_STORED'
      case 'replace':
      case 'append':
      case 'prepend':
        return old === undefined ? 'NOT_STORED' : undefined
      case 'cas':
        if (old === undefined) return this.#counted('cas_misses', 'NOT_FOUND')
        if (old.cas !== cas) return this.#counted('cas_badval', 'EXISTS')
        return this.#counted('cas_hits', undefined)
    }
  }

  #touchAndGet(key: Uint8Array, exptime: number): Item | undefined {
    this.#count('cmd_touch')
    const item = this.#store.change(() => {
      const found = this.#store.get(key)
      if (found === undefined) return undefined
      // What it is a view of may be another's when it has been written.
      const kept = { ...found, value: new Uint8Array(found.value) }
      this.#store.putExpiry(key, kept, expiry(exptime, this.#clock()))
      return kept
    })
    this.#count(item === undefined ? 'touch_misses' : 'touch_hits')
    return item
  }

  #counted<T>(counter: KvCounter, answer: T): T {
    this.#count(counter)
    return answer
  }

  #count(counter: KvCounter): void {
    this.#counters[counter].add()
  }
}
