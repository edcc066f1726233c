import { constants } from 'node:os'
import type { Descriptors } from 'reactor'
import type { ServerReport } from '../../server-messages.js'
import { ShortageNotice, shortageRest } from '../shortage-notice.js'
import { ConnectionNotes } from './connection-notes.js'
import { IdQueue } from './id-queue.js'
import { controlWord, type RingShape } from './ring-shape.js'
import { Sleeper } from './sleeper.js'
import { SlotRing, slotKind } from './slot-ring.js'

const { EAGAIN, EINTR } = constants.errno

const EPOLLIN = 0x001
const EPOLLPRI = 0x002
const EPOLLERR = 0x008
const EPOLLHUP = 0x010
const EPOLLRDHUP = 0x2000
const EPOLLET = 1 << 31
const connectionMask = EPOLLIN | EPOLLPRI | EPOLLRDHUP | EPOLLET

/** One connection has at most this share of the slots in flight, so that it cannot have all of them. */
const largestShare = 1 / 8

/** Connections taken in one go, so that a crowd at the door does not starve those inside. */
const acceptsPerTurn = 64

/** Bits of a connection's state, as the reader knows it. */
const open = 1
const readable = 2
/** FIN or an error stands among what can be read: a short read does not prove that nothing follows. */
const interrupted = 4
/** FIN or an error has been read: nothing more comes. */
const over = 8
const errorPending = 16

export interface ReaderOptions {
  readonly shape: RingShape
  readonly listeners: readonly number[]
  readonly ports: readonly number[]
  readonly descriptors: Descriptors
  /** Becomes readable when there are orders. */
  readonly ordersFd: number
  onOrders(): void
  /** After `drain`: nobody is accepted any more. */
  onDrained(): void
  report(report: ServerReport): void
}

/**
 * The thread that accepts and reads: an edge-triggered loop (epoll(7)) whose reads go straight into the next free slot
 * of the ring. Without a free slot it sleeps: what it does not read, the kernel holds, and then the clients wait.
 * Connections are numbers here; after the start nothing is allocated.
 */
export class Reader {
  readonly #options: ReaderOptions
  readonly #ring: SlotRing
  readonly #notes: ConnectionNotes
  readonly #self: Sleeper
  readonly #answerer: Sleeper
  readonly #control: Int32Array
  readonly #events: InstanceType<Descriptors['EpollEvents']>
  /** Connections, and after them listeners, that can make progress. */
  readonly #ready: IdQueue
  readonly #states: Uint8Array
  readonly #fds: Int32Array
  readonly #freeIds: Int32Array
  readonly #share: number
  #free: number
  readonly #notice: ShortageNotice
  /** -1 in the place of one that has been closed. */
  readonly #listeners: Int32Array
  /** Until when nobody is accepted, for want of descriptors; 0 for no such time. */
  #shortageEnd = 0
  #draining = false
  #stopping = false

  constructor(options: ReaderOptions) {
    const { shape, descriptors, listeners } = options
    const { connections } = shape
    this.#options = options
    this.#ring = new SlotRing(shape)
    this.#notes = new ConnectionNotes(shape)
    this.#control = new Int32Array(shape.control)
    this.#self = new Sleeper(shape.readerWake, this.#control, controlWord.readerAsleep, descriptors)
    this.#answerer = new Sleeper(shape.answererWake, this.#control, controlWord.answererAsleep, descriptors)
    this.#listeners = Int32Array.from(listeners)
    this.#notice = new ShortageNotice(options.report)
    this.#ready = new IdQueue(connections + listeners.length)
    this.#states = new Uint8Array(connections)
    this.#fds = new Int32Array(connections)
    this.#freeIds = Int32Array.from({ length: connections }, (_, index) => connections - 1 - index)
    this.#free = connections
    this.#share = Math.max(1, Math.floor(shape.slots * largestShare))
    this.#events = new descriptors.EpollEvents()
    this.#events.add(options.ordersFd, -1, EPOLLIN)
    this.#events.add(shape.readerWake, -1, EPOLLIN | EPOLLET)
    for (const [index, fd] of listeners.entries()) this.#events.add(fd, connections + index, EPOLLIN | EPOLLET)
  }

  /** Works until `stop` is called, and closes everything then. */
  run(): void {
    while (!this.#stopping) this.#turn()
    for (let id = 0; id < this.#states.length; id++) if (this.#is(id, open)) this.#forget(id)
    for (let index = 0; index < this.#listeners.length; index++) this.#closeListener(index)
    this.#events.close()
  }

  stop(): void {
    this.#stopping = true
  }

  /** Takes those who have connected already, and then nobody any more. */
  drain(): void {
    if (this.#draining) return
    this.#draining = true
    this.#callListeners()
  }

  #turn(): void {
    const count = this.#events.wait(this.#fallAsleep())
    this.#self.awake()
    for (let index = 0; index < count; index++) this.#dispatch(index)
    while (this.#notes.hasNews) this.#heed(this.#notes.takeNote())
    if (this.#shortageEnd > 0 && performance.now() >= this.#shortageEnd) this.#callListeners()
    for (let left = this.#ready.length; left > 0 && this.#ring.room > 0 && !this.#stopping; left--) {
      this.#serve(this.#ready.take())
    }
    this.#answerer.wake()
  }

  get #canProceed(): boolean {
    return this.#ready.length > 0 && this.#ring.room > 0
  }

  /** Returns how long to wait, in milliseconds. Says that it sleeps before it looks for the last time. */
  #fallAsleep(): number {
    if (this.#canProceed) return 0
    if (this.#ready.length > 0) Atomics.store(this.#control, controlWord.roomWanted, 1)
    this.#self.fallAsleep()
    if (this.#notes.hasNews || this.#canProceed) return 0
    return this.#shortageEnd === 0 ? -1 : Math.max(0, Math.ceil(this.#shortageEnd - performance.now()))
  }

  #callListeners(): void {
    this.#shortageEnd = 0
    for (let index = 0; index < this.#listeners.length; index++) this.#ready.add(this.#states.length + index)
  }

  #dispatch(index: number): void {
    const { ordersFd, descriptors, onOrders, shape } = this.#options
    const fd = this.#events.descriptorAt(index)
    const id = this.#events.generationAt(index)
    if (fd === ordersFd) onOrders()
    else if (fd === shape.readerWake) descriptors.clearEventFd(fd)
    else if (id >= shape.connections) this.#ready.add(id)
    else if (this.#is(id, open)) this.#note(id, this.#events.maskAt(index))
  }

  #note(id: number, mask: number): void {
    if (mask & (EPOLLERR | EPOLLHUP | EPOLLPRI | EPOLLRDHUP)) this.#set(id, readable | interrupted)
    if (mask & EPOLLERR) this.#set(id, errorPending)
    if (mask & EPOLLIN) this.#set(id, readable)
    this.#ready.add(id)
  }

  /** The answerer has something to say of a connection: that it is over, or that it may be read again. */
  #heed(id: number): void {
    if (!this.#is(id, open)) return
    if (this.#notes.isClosed(id)) this.#forget(id)
    else this.#ready.add(id)
  }

  #forget(id: number): void {
    // Somebody may have waited for a number or a descriptor.
    const wasShort = this.#free === 0 || this.#shortageEnd > 0
    this.#states[id] = 0
    this.#options.descriptors.closeDescriptor(this.#fds[id] as number)
    this.#freeIds[this.#free++] = id
    if (wasShort) this.#callListeners()
  }

  #serve(id: number): void {
    if (id >= this.#states.length) this.#accept(id)
    else if (!this.#is(id, open) || this.#is(id, over)) return
    else if (this.#notes.isPaused(id)) this.#askForError(id)
    else if (this.#is(id, readable) && !this.#notes.isStarved(id, this.#share)) this.#read(id)
  }

  #accept(id: number): void {
    const index = id - this.#states.length
    for (let taken = 0; taken < acceptsPerTurn && this.#ring.room > 0; taken++) {
      if (this.#listeners[index] === -1 || this.#shortageEnd > 0) return
      if (this.#free > 0 && this.#acceptFrom(index)) continue
      if (this.#draining) this.#closeListener(index)
      return
    }
    this.#ready.add(id)
  }

  /** Takes one connection. Returns whether there may be more. */
  #acceptFrom(index: number): boolean {
    const { descriptors, ports } = this.#options
    try {
      const fd = descriptors.acceptDescriptor(this.#listeners[index] as number)
      if (fd === undefined) return false
      this.#open(fd, ports[index] as number)
      return true
    } catch (error) {
      if (!this.#notice.take(error)) return true
      this.#shortageEnd = performance.now() + shortageRest
      return false
    }
  }

  #closeListener(index: number): void {
    const listener = this.#listeners[index] as number
    if (listener === -1) return
    this.#listeners[index] = -1
    this.#options.descriptors.closeDescriptor(listener)
    if (this.#listeners.every(fd => fd === -1)) this.#options.onDrained()
  }

  #open(fd: number, port: number): void {
    const id = this.#freeIds[--this.#free] as number
    this.#states[id] = open
    this.#fds[id] = fd
    this.#notes.reset(id)
    this.#events.add(fd, id, connectionMask)
    this.#ring.publish(slotKind.opened, id, fd, port)
  }

  #read(id: number): void {
    const { slotSize } = this.#ring
    const count = this.#options.descriptors.receiveInto(this.#fds[id] as number, this.#ring.nextAddress, slotSize)
    if (count > 0) {
      this.#notes.filled(id)
      this.#ring.publish(slotKind.data, id, count, 0)
      // epoll(7): otherwise a short read on a stream is as good as EAGAIN.
      if (count < slotSize && !this.#is(id, interrupted)) this.#clear(id, readable)
      else this.#ready.add(id)
    } else if (count === 0) this.#end(id, slotKind.ended, 0)
    else if (count === -EAGAIN) this.#clear(id, readable)
    else if (count === -EINTR) this.#ready.add(id)
    else this.#end(id, slotKind.failed, -count)
  }

  /** Who does not read would never find out that the client is gone. */
  #askForError(id: number): void {
    if (!this.#is(id, errorPending)) return
    this.#clear(id, errorPending)
    const error = this.#options.descriptors.takeSocketError(this.#fds[id] as number)
    if (error !== 0) this.#end(id, slotKind.failed, error)
  }

  #end(id: number, kind: number, value: number): void {
    this.#set(id, over)
    this.#ring.publish(kind, id, value, 0)
  }

  #is(id: number, bit: number): boolean {
    return ((this.#states[id] as number) & bit) !== 0
  }

  #set(id: number, bits: number): void {
    this.#states[id] = (this.#states[id] as number) | bits
  }

  #clear(id: number, bits: number): void {
    this.#states[id] = (this.#states[id] as number) & ~bits
  }
}
