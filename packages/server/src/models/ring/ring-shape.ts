import type { Descriptors } from 'reactor'

/** A ring's memory, and what both its threads have to know of it. Survives structured cloning. */
export interface RingShape {
  readonly slots: number
  /** Bytes. */
  readonly slotSize: number
  /** Connections that there can be at once. */
  readonly connections: number
  /** Where the slots' bytes lie, one slot after the other, for as long as the process runs. */
  readonly address: number
  /** Positions, what is in each slot, and what is said of each connection. */
  readonly control: SharedArrayBuffer
  /** An eventfd(2) that wakes the thread that answers. */
  readonly answererWake: number
  /** An eventfd(2) that wakes the thread that reads. */
  readonly readerWake: number
}

/** Words of the control memory that different threads write are so far apart: a cache line. */
const wordsPerLine = 16

/** Single words, each in a cache line of its own. */
export const controlWord = {
  /** Slots that the reader has filled, ever. */
  published: 0,
  /** Slots that nobody needs any more, ever. */
  released: wordsPerLine,
  answererAsleep: 2 * wordsPerLine,
  readerAsleep: 3 * wordsPerLine,
  /** The reader has found no free slot, and waits until there are enough. */
  roomWanted: 4 * wordsPerLine,
  /** Notes that the answerer has written for the reader, ever. */
  notesWritten: 5 * wordsPerLine,
} as const

/** What each slot holds, besides bytes: kind, connection, value, port. */
export const wordsPerSlot = 4
const singleWords = 6 * wordsPerLine

/** Where the parts of the control memory begin, in words. */
export interface ControlLayout {
  readonly slots: number
  /** Flags of each connection. */
  readonly flags: number
  /** Slots of each connection that have been filled and not been taken. */
  readonly inFlight: number
  readonly notes: number
  readonly words: number
}

export function layOut({ slots, connections }: Pick<RingShape, 'slots' | 'connections'>): ControlLayout {
  const flags = singleWords + slots * wordsPerSlot
  const inFlight = flags + connections
  const notes = inFlight + connections
  return { slots: singleWords, flags, inFlight, notes, words: notes + connections }
}

const pageMultiple = 2 * 1024 * 1024

/** Allocates everything that a ring will ever need, and how to give it back. */
export function allocateRing(
  size: Pick<RingShape, 'slots' | 'slotSize' | 'connections'>,
  { mapRegion, createEventFd, closeEventFd }: Descriptors
): { readonly shape: RingShape; free(): void } {
  const bytes = Math.ceil((size.slots * size.slotSize) / pageMultiple) * pageMultiple
  const region = mapRegion(bytes)
  const control = new SharedArrayBuffer(layOut(size).words * Int32Array.BYTES_PER_ELEMENT)
  const { slots, slotSize, connections } = size
  const wake = { answererWake: createEventFd(), readerWake: createEventFd() }
  return {
    shape: { slots, slotSize, connections, address: region.address, control, ...wake },
    free: () => {
      region.discard?.()
      closeEventFd(wake.answererWake)
      closeEventFd(wake.readerWake)
    },
  }
}
