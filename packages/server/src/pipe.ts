import { type Arena, type Block, RingBuffer } from 'reactor'

/** Where a pipe's bytes come from; a reactor `Socket` is one. */
export interface Source {
  /** At most so many bytes at a time from now on; 0 for none. */
  demand(bytes: number): void
  /** Ends it at once, whatever is still on its way. */
  abort(): void
}

/** Where a pipe's bytes go; a reactor `Socket` is one. */
export interface Sink {
  /** Bytes that it has accepted and not passed on yet. */
  readonly pendingBytes: number
  /** Takes from 0 to `length` bytes and returns how many. Who was refused is told when to try again: `onWritable`. */
  write(block: Block, start: number, length: number): number
  /** Says that no more bytes come, after those that it accepted. */
  shutdown(): void
  /** Ends it at once, whatever is still on its way. */
  abort(): void
}

/** Bytes that the pipe may pass on, but not look at; a reactor `UnseenBytes` is some. */
export interface Unseen {
  readonly length: number
  /** Offers what is left to the sink, as `Sink.write` does. */
  sendTo(sink: Sink): number
  discard(): void
}

/**
 * - `flowing`: the sink has taken all there was.
 * - `sink-blocked`: the sink has refused bytes, which are held; the source is still asked for more.
 * - `source-blocked`: as many bytes are held as the threshold allows; the source is asked for nothing.
 * - `draining`: the source has ended; the bytes held still go to the sink.
 * - `closed`: everything went to the sink, which knows that it was all; or the pipe was aborted.
 */
export type PipeState = 'flowing' | 'sink-blocked' | 'source-blocked' | 'draining' | 'closed'

/** Room in the ring above the threshold, for the read that an engine could not bound (`Socket.demand`). */
const overrun = 1024 * 1024

/**
 * Joins a source to a sink through a buffer with a threshold. The source is asked only for what the threshold leaves
 * room for, so that a sink that takes nothing costs one threshold of memory, and then stops the source.
 *
 * Bytes go straight from the read to the write; only what the sink refuses is copied, into a ring that exists for as
 * long as there is something in it. Bytes that come unseen are not even copied when they are refused. Whoever owns the
 * two ends passes their events on: `take`, `takeUnseen` and `onEnd` of the source, `onWritable` of the sink, and `abort`
 * when either has failed.
 */
export class Pipe {
  readonly #source: Source
  readonly #sink: Sink
  readonly #arena: Arena
  readonly #threshold: number
  /** Refused by the sink, and older than what is in the ring. */
  #unseen: Unseen | undefined
  #ring: RingBuffer | undefined
  #state: PipeState = 'flowing'
  #demanded: number
  #bytesIn = 0
  #acceptedBytes = 0

  /** `threshold` in bytes, at least 1: how much may be held before the source has to wait. */
  constructor(source: Source, sink: Sink, arena: Arena, threshold: number) {
    this.#source = source
    this.#sink = sink
    this.#arena = arena
    this.#threshold = threshold
    this.#demanded = threshold
    source.demand(threshold)
  }

  get state(): PipeState {
    return this.#state
  }

  /** Bytes that the source has given. */
  get bytesIn(): number {
    return this.#bytesIn
  }

  /** Bytes that the sink has accepted and passed on. */
  get bytesOut(): number {
    return this.#acceptedBytes - this.#sink.pendingBytes
  }

  /** Bytes between the two: refused by the sink, or accepted and not passed on yet. */
  get heldBytes(): number {
    return (this.#unseen?.length ?? 0) + (this.#ring?.length ?? 0) + this.#sink.pendingBytes
  }

  get #empty(): boolean {
    return this.#ring === undefined && this.#unseen === undefined
  }

  /**
   * Whether `takeUnseen` may be called: only while nothing is kept. More of them could be kept as well, but then eight
   * streams are slower: a client that is behind finds what was copied for it in the cache.
   */
  get takesUnseen(): boolean {
    return this.#empty
  }

  /** The source has given bytes that are not to be looked at. */
  takeUnseen(bytes: Unseen): void {
    if (this.#state === 'closed') {
      bytes.discard()
      return
    }
    this.#bytesIn += bytes.length
    this.#acceptedBytes += bytes.sendTo(this.#sink)
    if (bytes.length > 0) this.#unseen = bytes
    this.#regulate()
  }

  /** The source has given bytes. */
  take(block: Block, start: number, length: number): void {
    if (this.#state === 'closed') return
    this.#bytesIn += length
    const accepted = this.#empty ? this.#sink.write(block, start, length) : 0
    this.#acceptedBytes += accepted
    if (accepted < length) this.#hold(block, start + accepted, length - accepted)
    this.#regulate()
  }

  /** The sink has room again, or has passed on what was pending. */
  onWritable(): void {
    if (!this.#empty) this.#flush()
    this.#regulate()
  }

  /** The source has ended: the sink ends too, once it has everything. */
  onEnd(): void {
    if (this.#state === 'closed') return
    this.#state = 'draining'
    this.#regulate()
  }

  /** Ends both ends at once and frees everything; bytes that are still held are lost. Harmless on a closed pipe. */
  abort(): void {
    this.#state = 'closed'
    this.#unseen?.discard()
    this.#unseen = undefined
    this.#ring?.clear()
    this.#ring = undefined
    this.#source.abort()
    this.#sink.abort()
  }

  #hold(block: Block, start: number, length: number): void {
    this.#ring ??= new RingBuffer(this.#arena, this.#threshold + overrun)
    const held = this.#ring.push(block.memory, start, length)
    if (held < length) throw new Error(`the source gave ${length} bytes with ${this.#demanded} asked for`)
  }

  #flush(): void {
    if (this.#unseen !== undefined) {
      this.#acceptedBytes += this.#unseen.sendTo(this.#sink)
      if (this.#unseen.length > 0) return
      this.#unseen = undefined
    }
    if (this.#ring !== undefined) this.#flushRing(this.#ring)
  }

  #flushRing(ring: RingBuffer): void {
    while (ring.front !== undefined) {
      const offered = ring.frontLength
      const accepted = this.#sink.write(ring.front, ring.frontStart, offered)
      this.#acceptedBytes += accepted
      ring.consume(accepted)
      if (accepted < offered) return
    }
    this.#ring = undefined
  }

  #regulate(): void {
    if (this.#state === 'closed') return
    if (this.#state === 'draining') {
      if (!this.#empty) return
      this.#state = 'closed'
      this.#sink.shutdown()
      return
    }
    const room = Math.max(0, this.#threshold - this.heldBytes)
    if (room === 0) this.#state = 'source-blocked'
    else this.#state = this.#empty ? 'flowing' : 'sink-blocked'
    if (room === this.#demanded) return
    this.#demanded = room
    this.#source.demand(room)
  }
}
