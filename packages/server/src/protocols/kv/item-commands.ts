import { textOf } from '../ascii.js'
import type { Counter, Counters } from '../counters.js'
import type { ChangeCommand, CountCommand, DeleteCommand, FlushCommand, StoreCommand } from './command.js'
import type { Item } from './item-record.js'
import { type ItemStore, StoreFull } from './item-store.js'
import { type KvCounter, kvCounters } from './kv-counters.js'
import { counted, countedOf, expiry } from './numbers.js'

/** Milliseconds since 1970. */
type Clock = () => number

/** What the commands do to the store, and the words that answer them. One for each worker. */
export class ItemCommands {
  readonly #store: ItemStore
  readonly #counters: Readonly<Record<KvCounter, Counter>>
  readonly #clock: Clock
  /** What the changes of a transaction have to be counted as, when it is committed. */
  readonly #uncounted: Counter[] = []

  constructor(store: ItemStore, counters: Counters, clock: Clock = Date.now) {
    this.#store = store
    const named = kvCounters.map(name => [name, counters.counter(name)] as const)
    this.#counters = Object.fromEntries(named) as Record<KvCounter, Counter>
    this.#clock = clock
  }

  /** `get` and its kin: the item, if there is one; counted. With `touch` its end is set anew. */
  retrieve(key: string, touch: number | undefined): Item | undefined {
    const item = touch === undefined ? this.#store.get(key) : this.#touchAndGet(key, touch)
    this.#counters.cmd_get.add()
    this.#counters[item === undefined ? 'get_misses' : 'get_hits'].add()
    return item
  }

  /**
   * Carries a change out, inside a transaction of the store, and returns its answer; or that it does not fit, and then
   * nothing has been changed. When the transaction is over, `countAll` or `countNothing` is to be called.
   */
  change(command: ChangeCommand, value: Uint8Array): string | StoreFull {
    const mark = this.#uncounted.length
    try {
      return this.#execute(command, value)
    } catch (error) {
      if (!(error instanceof StoreFull)) throw error
      this.#uncounted.length = mark
      return error
    }
  }

  /** The changes are committed. */
  countAll(): void {
    for (const counter of this.#uncounted) counter.add()
    this.#uncounted.length = 0
  }

  /** The changes that have not been counted are lost. */
  countNothing(): void {
    this.#uncounted.length = 0
  }

  #execute(command: ChangeCommand, value: Uint8Array): string {
    switch (command.kind) {
      case 'store':
        return this.#put(command, value)
      case 'count':
        return this.#add(command)
      case 'touch':
        return this.#touch(command.key, command.exptime) === undefined ? 'NOT_FOUND' : 'TOUCHED'
      case 'delete':
        return this.#delete(command)
      case 'flush':
        return this.#flush(command)
    }
  }

  #put(command: StoreCommand, value: Uint8Array): string {
    const { mode, key, flags, exptime } = command
    this.#count('cmd_set')
    const header = { flags, expiry: expiry(exptime, this.#clock()) }
    const old = mode === 'set' ? undefined : this.#store.get(key)
    const refusal = this.#refusal(command, old)
    if (refusal !== undefined) return refusal
    // Flags and end of what is appended to stay as they are.
    if (mode === 'append') this.#store.put(key, old as Item, (old as Item).value, value)
    else if (mode === 'prepend') this.#store.put(key, old as Item, value, (old as Item).value)
    else this.#store.put(key, header, value)
    this.#count('total_items')
    return 'STORED'
  }

  #add({ direction, key, delta }: CountCommand): string {
    const item = this.#store.get(key)
    this.#count(item === undefined ? `${direction}_misses` : `${direction}_hits`)
    if (item === undefined) return 'NOT_FOUND'
    const value = countedOf(textOf(item.value))
    if (value === undefined) return 'CLIENT_ERROR cannot increment or decrement non-numeric value'
    const text = counted(value, direction, delta).toString()
    this.#store.put(key, item, Buffer.from(text))
    return text
  }

  #delete({ key }: DeleteCommand): string {
    const found = this.#store.get(key) !== undefined
    this.#count(found ? 'delete_hits' : 'delete_misses')
    if (found) this.#store.remove(key)
    return found ? 'DELETED' : 'NOT_FOUND'
  }

  #flush({ delay }: FlushCommand): string {
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

  #touchAndGet(key: string, exptime: number): Item | undefined {
    try {
      const item = this.#store.change(() => this.#touch(key, exptime))
      this.countAll()
      return item
    } finally {
      this.countNothing()
    }
  }

  #touch(key: string, exptime: number): Item | undefined {
    this.#count('cmd_touch')
    const found = this.#store.get(key)
    this.#count(found === undefined ? 'touch_misses' : 'touch_hits')
    if (found === undefined) return undefined
    // What it is a view of may be another's when it has been written.
    const kept = { ...found, value: new Uint8Array(found.value) }
    this.#store.putExpiry(key, kept, expiry(exptime, this.#clock()))
    return kept
  }

  #counted<T>(counter: KvCounter, answer: T): T {
    this.#count(counter)
    return answer
  }

  #count(counter: KvCounter): void {
    this.#uncounted.push(this.#counters[counter])
  }
}
