import { type Database, open, type RootDatabase } from 'lmdb'
import { StartError } from '../../start-error.js'
import { ExpiryIndex } from './expiry-index.js'
import { type Item, type ItemHeader, RecordWriter, readItem } from './item-record.js'
import { latin1Keys, leastKey } from './latin1-keys.js'
import { ReadSnapshot } from './read-snapshot.js'
import { StoreGate } from './store-gate.js'
import { StoreTotals } from './store-totals.js'

export interface ItemStoreOptions {
  /** Folder of the store. */
  readonly path: string
  /** What the items may take together, in bytes; the files on disk take some more. */
  readonly size: number
  /** Whether a transaction is on the disk when it is committed; otherwise it is in the kernel's hands. */
  readonly sync: boolean
}

/** Threads and processes that may read at once. */
const mostReaders = 8192

/** Items that have ended and are removed together when there is no room: a few milliseconds' work. */
const sweptAtOnce = 256

/** Addresses for the store's file, in bytes, so that it seldom has to be mapped anew: they cost nothing. */
const mapSize = 16 * 1024 ** 3

/** Facts about the store: when everything older is to be forgotten, and what the items take together. */
const flushKey = 'flush'
const totalsKey = 'bytes'

/** The items take as much as they may: nothing was stored, and nothing lost. */
export class StoreFull extends Error {}

/** A change as it is written: what its time and its unique number are, the store knows. */
type NewHeader = Pick<ItemHeader, 'flags' | 'expiry'>

/**
 * Items in an LMDB store (Symas, lmdb.tech), which many threads and processes share. Changes are made in transactions:
 * what is in one is there as a whole or not at all, for everybody at once, and stays when its process is killed.
 *
 * Everything is synchronous. What is read is a view of memory that the next call uses again.
 */
export class ItemStore {
  readonly #gate: StoreGate
  readonly #root: RootDatabase<Buffer, string>
  readonly #items: Database<Buffer, string>
  readonly #endings: ExpiryIndex
  readonly #facts: Database<Buffer, string>
  readonly #size: number
  readonly #snapshot: ReadSnapshot
  readonly #writer = new RecordWriter()
  /** The time of the present transaction or read. */
  #now = 0
  /** Items stored up to this time are gone; 0 for none. Of the present snapshot. */
  #flushed: number | undefined
  /** Of the present transaction. */
  readonly #totals = new StoreTotals()
  /** In the present transaction it was seen that nothing can be swept: to look again may cost a walk over all items. */
  #isSwept = false

  /** Opens or creates the store. Throws a StartError. */
  constructor({ path, size, sync }: ItemStoreOptions) {
    this.#size = size
    try {
      const binary = { encoding: 'binary', keyEncoder: latin1Keys } as const
      const durability = { noSync: !sync, overlappingSync: false }
      const options = { path, mapSize, maxReaders: mostReaders, maxDbs: 3, ...durability, ...binary }
      this.#gate = new StoreGate(path)
      const { root, items, endings, facts } = this.#gate.alone(() => {
        const root: RootDatabase<Buffer, string> = open(options)
        const database = (name: string): Database<Buffer, string> => root.openDB(name, binary)
        return { root, items: database('items'), endings: database('endings'), facts: database('facts') }
      })
      this.#root = root
      this.#items = items
      this.#endings = new ExpiryIndex(endings)
      this.#facts = facts
      this.#snapshot = new ReadSnapshot(this.#root)
      // Workers that were killed while they read would keep the pages that they saw from being used again.
      this.#root.readerCheck()
    } catch (error) {
      throw new StartError(`store '${path}' cannot be opened: ${(error as Error).message}; name another with --store`)
    }
  }

  /** The item of a key, unless it has ended. */
  get(key: string): Item | undefined {
    this.#now = Date.now()
    this.#flushed ??= this.#readFlushed()
    const record = this.#snapshot.read(this.#items, key)
    if (record === undefined) return undefined
    const item = readItem(record)
    return this.#isGone(item) ? undefined : item
  }

  /**
   * Runs changes in one transaction: all that is called there sees and makes one state. Throws what the action throws, or
   * that it cannot be committed; nothing of it has happened then.
   */
  change<T>(action: () => T): T {
    try {
      return this.#gate.alone(() => this.#root.transactionSync(() => this.#run(action)))
    } finally {
      this.release()
    }
  }

  /**
   * Stores a value, put together of its parts; only inside `change`. The parts may be views of what was read there.
   * Throws StoreFull, and has changed nothing then.
   */
  put(key: string, { flags, expiry }: NewHeader, ...parts: readonly Uint8Array[]): void {
    const header = { flags, expiry, cas: this.#totals.nextUnique, stored: Date.now() }
    this.#replace(key, this.#writer.write(header, parts), expiry)
    this.#totals.takeUnique()
  }

  /** Gives an item another end, and changes nothing else; only inside `change`. */
  putExpiry(key: string, item: Item, expiry: number): void {
    this.#replace(key, this.#writer.write({ ...item, expiry }, [item.value]), expiry)
  }

  /** Only inside `change`. */
  remove(key: string): void {
    const old = this.#snapshot.read(this.#items, key)
    if (old === undefined) return
    this.#totals.add(-old.length)
    this.#endings.remove(key, readItem(old).expiry)
    this.#items.removeSync(key)
  }

  /** Forgets everything that has been stored up to a time, at that time or now if it has passed; only inside `change`. */
  flush(time: number): void {
    this.#flushed = undefined
    if (time > Date.now()) {
      this.#writeFact(flushKey, time)
      return
    }
    this.#items.clearSync()
    this.#endings.clear()
    this.#facts.removeSync(flushKey)
    this.#totals.clear()
  }

  /** Makes room: removes items that have ended, a bounded number of them; only inside `change`. Returns how many. */
  sweep(): number {
    if (this.#isSwept) return 0
    this.#now = Date.now()
    const ended = this.#endings.endedBy(this.#now, sweptAtOnce)
    const gone = ended.length > 0 ? ended : this.#flushedKeys(this.#readFlushed())
    for (const key of gone) this.remove(key)
    this.#isSwept = gone.length === 0
    return gone.length
  }

  /** Items, those included that have ended and that nobody has looked for since. */
  get count(): number {
    const { entryCount } = this.#items.getStats() as { readonly entryCount: number }
    this.#root.resetReadTxn()
    return entryCount
  }

  /** What the items take together, in bytes. */
  get bytes(): number {
    return this.#readFact(totalsKey)
  }

  /** Gives the state up that reads have seen, so that others may use its memory; the next read sees the newest. */
  release(): void {
    this.#snapshot.reset()
    this.#flushed = undefined
  }

  close(): void {
    this.#snapshot.close()
    void this.#root.close()
    this.#gate.close()
  }

  #run<T>(action: () => T): T {
    this.#flushed = undefined
    this.#isSwept = false
    this.#totals.read(this.#snapshot.read(this.#facts, totalsKey), this.#items.getWriteTxnId())
    const result = action()
    if (this.#totals.changed) this.#facts.putSync(totalsKey, this.#totals.record)
    return result
  }

  #readFlushed(): number {
    const time = this.#readFact(flushKey)
    return time > this.#now ? 0 : time
  }

  /** The keys of some items that were stored up to a time; 0 for none. */
  #flushedKeys(time: number): string[] {
    const keys: string[] = []
    if (time === 0) return keys
    for (const key of this.#items.getKeys({ start: leastKey })) {
      const record = this.#snapshot.read(this.#items, key)
      if (record !== undefined && readItem(record).stored <= time) keys.push(key)
      if (keys.length === sweptAtOnce) break
    }
    return keys
  }

  #replace(key: string, record: Buffer, expiry: number): void {
    const old = this.#snapshot.read(this.#items, key)
    const added = record.length - (old?.length ?? 0)
    if (added > 0 && this.#totals.bytes + added > this.#size)
      throw new StoreFull(`the items would take more than ${this.#size.toLocaleString('en-US')} bytes`)
    this.#totals.add(added)
    if (old !== undefined) this.#endings.remove(key, readItem(old).expiry)
    this.#items.putSync(key, record)
    this.#endings.add(key, expiry)
  }

  /** 0 where nothing is known. */
  #readFact(key: string): number {
    return this.#snapshot.read(this.#facts, key)?.readDoubleLE(0) ?? 0
  }

  #writeFact(key: string, value: number): void {
    const fact = Buffer.alloc(8)
    fact.writeDoubleLE(value)
    this.#facts.putSync(key, fact)
  }

  #isGone({ expiry, stored }: ItemHeader): boolean {
    return (expiry !== 0 && expiry <= this.#now) || stored <= (this.#flushed as number)
  }
}
