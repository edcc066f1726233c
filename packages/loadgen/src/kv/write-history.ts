/** A set on its way, or what a value tells of the set that it comes from. Versions are microseconds since 1970. */
export interface Write {
  readonly key: number
  /** Higher than that of any earlier set of the key. */
  readonly version: number
  /**
   * Sets of the key with lower versions had been confirmed before this one was sent, or went ahead of it on its own
   * connection: it replaces their values.
   */
  readonly replaces: number
}

interface OwnWrite extends Write {
  readonly connection: number
}

function firstOfOthers(pending: readonly OwnWrite[] | undefined, connection: number): OwnWrite | undefined {
  return pending?.find(write => write.connection !== connection)
}

/**
 * Decides which value of a key a get may show. It may be one of several where sets of the key overlap, for nobody
 * knows in which order the server took them. But a set that was confirmed before the get was sent has replaced what it
 * came after: the values of sets that were confirmed before it was sent, or that went ahead of it on its connection. A
 * get may show none of those. The same holds for a set whose value somebody has seen, and for one that went ahead of
 * the get on its connection. A server that answers each connection in order, and does one thing to a key after the
 * other, is never accused by this. Values may vanish (eviction, expiry): that is no fault.
 */
export class WriteHistory {
  /** For each key: no get that is sent from now on may show a lower version. 0: nothing is known. */
  readonly #floors: Float64Array
  /** Sets on their way, by key, oldest first. Those of connections that failed stay: they may yet take effect. */
  readonly #pending = new Map<number, OwnWrite[]>()
  /** What the thread's clock (`performance.now()`) has to be moved by to be the time since 1970, in milliseconds. */
  readonly #epoch: number
  #lastVersion: number

  /** Begins at `now` of the thread's clock. */
  constructor(keys: number, epoch: number, now: number) {
    this.#floors = new Float64Array(keys)
    this.#epoch = epoch
    this.#lastVersion = this.#versionAt(now)
  }

  #versionAt(now: number): number {
    return Math.floor((this.#epoch + now) * 1000)
  }

  /** The highest version so far. */
  get lastVersion(): number {
    return this.#lastVersion
  }

  /** A set is sent, at `now` of the thread's clock. */
  send(key: number, connection: number, now: number): Write {
    // The time makes versions grow from run to run as well, for values that an earlier one with this seed has left.
    const version = Math.max(this.#lastVersion + 1, this.#versionAt(now))
    this.#lastVersion = version
    const pending = this.#pending.get(key)
    const write = { key, version, replaces: firstOfOthers(pending, connection)?.version ?? version, connection }
    if (pending === undefined) this.#pending.set(key, [write])
    else pending.push(write)
    return write
  }

  /** A set was confirmed. */
  confirm(write: Write): void {
    const pending = this.#pending.get(write.key) as OwnWrite[]
    if (pending.length === 1) this.#pending.delete(write.key)
    else pending.splice(pending.indexOf(write as OwnWrite), 1)
    this.#raise(write.key, write.replaces)
  }

  /** The lowest version that a get may show which is sent now, on this connection. */
  floorOf(key: number, connection: number): number {
    let floor = this.#floors[key] as number
    const pending = this.#pending.get(key)
    if (pending === undefined) return floor
    for (const write of pending) if (write.connection === connection) floor = Math.max(floor, write.replaces)
    return floor
  }

  /** A get has shown this; `isOwn`: nobody else sets the key. */
  see(write: Write, isOwn: boolean): void {
    // Left by an earlier run whose clock was ahead: sets from now on are later than it, those on their way are not.
    if (isOwn && write.version > this.#lastVersion) this.#lastVersion = write.version
    else this.#raise(write.key, write.replaces)
  }

  #raise(key: number, version: number): void {
    if (version > (this.#floors[key] as number)) this.#floors[key] = version
  }
}
