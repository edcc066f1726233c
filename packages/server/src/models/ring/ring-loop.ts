import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import {
  Arena,
  Block,
  type Descriptors,
  type Listener,
  type ListenOptions,
  type Loop,
  ReadyQueue,
  type Socket,
  type SocketHandler,
  type Timer,
  TimerHeap,
} from 'reactor'
import { ConnectionNotes } from './connection-notes.js'
import { controlWord, type RingShape } from './ring-shape.js'
import { RingSocket } from './ring-socket.js'
import { Sleeper } from './sleeper.js'
import { SlotRing, slotKind } from './slot-ring.js'

const EPOLLIN = 0x001
const EPOLLOUT = 0x004
const EPOLLET = 1 << 31

/** What is kept for slow clients is kept in blocks of this size, in bytes. */
const keepBlockSize = 64 * 1024

/** After so many milliseconds a turn looks at what else there is: orders, timers, sinks that have room again. */
const turnTime = 5

/**
 * The loop of the thread that answers. Its sockets are read by another thread, which hands over what came in the slots
 * of a ring; in other respects it is a loop like the reactor's, with an epoll instance of its own, in which stand only
 * those sinks that have once been full. While there are slots to take it asks that instance without waiting, once for
 * each turn; it sleeps in it when the ring is empty.
 */
export class RingLoop implements Loop {
  readonly engine = 'epoll'
  readonly arena: Arena
  readonly ready = new ReadyQueue()
  readonly notes: ConnectionNotes
  /** The thread that reads. */
  readonly reader: Sleeper
  readonly descriptors: Descriptors
  /** All that the ring can hold. */
  readonly ringBytes: number
  turns = 0
  now = performance.now()
  readonly #ring: SlotRing
  readonly #self: Sleeper
  readonly #control: Int32Array
  readonly #blocks: readonly Block[]
  readonly #events: InstanceType<Descriptors['EpollEvents']>
  readonly #wakeFd: number
  readonly #timers = new TimerHeap()
  readonly #mailboxes: { port: MessagePort; onMessage: (message: unknown) => void }[] = []
  readonly #sockets: (RingSocket | undefined)[] = []
  readonly #closing: RingSocket[] = []
  #onConnection: (socket: Socket) => SocketHandler = () => {
    throw new Error('a connection came before anybody listened')
  }
  /** Positions in the ring: the next slot to take, and the first that is not released. */
  #next = 0
  #released = 0
  #stopping = false

  constructor(shape: RingShape, wakeFd: number, descriptors: Descriptors) {
    const control = new Int32Array(shape.control)
    this.descriptors = descriptors
    this.arena = new Arena(descriptors.mapRegion, keepBlockSize)
    this.notes = new ConnectionNotes(shape)
    this.reader = new Sleeper(shape.readerWake, control, controlWord.readerAsleep, descriptors)
    this.ringBytes = shape.slots * shape.slotSize
    this.#ring = new SlotRing(shape)
    this.#self = new Sleeper(shape.answererWake, control, controlWord.answererAsleep, descriptors)
    this.#control = control
    this.#blocks = blocksOf(shape, descriptors)
    this.#wakeFd = wakeFd
    this.#events = new descriptors.EpollEvents()
    this.#events.add(wakeFd, -1, EPOLLIN | EPOLLET)
    this.#events.add(shape.answererWake, -1, EPOLLIN | EPOLLET)
  }

  /** The other thread listens already, and keeps to the most connections by itself; this only says who takes them. */
  async listen({ host, port }: ListenOptions, onConnection: (socket: Socket) => SocketHandler): Promise<Listener> {
    this.#onConnection = onConnection
    return { host, port, pause: () => {}, resume: () => {}, close: () => {} }
  }

  connect(): Socket {
    throw new Error('the loop of a ring only takes connections')
  }

  timer(delay: number, callback: () => void): Timer {
    const entry = this.#timers.add(performance.now() + delay, callback)
    return { cancel: () => this.#timers.cancel(entry) }
  }

  receive(port: MessagePort, onMessage: (message: unknown) => void): void {
    this.#mailboxes.push({ port, onMessage })
    // Mail may have come before anybody asked for it.
    this.descriptors.signalEventFd(this.#wakeFd)
  }

  /** Wants to hear when a sink has room again. */
  watchSink(socket: RingSocket): void {
    this.#events.add(socket.fd, socket.id, EPOLLOUT | EPOLLET)
  }

  /** Gives a connection back to the other thread, which closes it; its owner hears of it at the end of the turn. */
  discard(socket: RingSocket): void {
    this.#sockets[socket.id] = undefined
    this.#closing.push(socket)
    this.notes.close(socket.id)
    this.reader.wake()
  }

  async run(): Promise<void> {
    try {
      while (!this.#stopping) this.#turn()
    } finally {
      for (const socket of this.#sockets) socket?.close()
      this.#announceClosed()
      this.#events.close()
      this.arena.trim()
    }
  }

  stop(): void {
    this.#stopping = true
  }

  #turn(): void {
    this.turns++
    const count = this.#events.wait(this.#fallAsleep())
    this.#self.awake()
    this.now = performance.now()
    for (let index = 0; index < count; index++) this.#dispatch(index)
    this.#takeSlots()
    this.ready.serveAll()
    this.#runTimers()
    if (this.#closing.length > 0) this.#announceClosed()
    this.#release()
  }

  get #mustGoOn(): boolean {
    return this.#next !== this.#ring.published || !this.ready.empty || this.#closing.length > 0
  }

  /** Returns how long to wait, in milliseconds. Says that it sleeps before it looks for the last time. */
  #fallAsleep(): number {
    if (this.#mustGoOn) return 0
    this.#self.fallAsleep()
    if (this.#mustGoOn) return 0
    const due = this.#timers.nextDue
    return due === Number.POSITIVE_INFINITY ? -1 : Math.max(0, due - performance.now())
  }

  #dispatch(index: number): void {
    const fd = this.#events.descriptorAt(index)
    if (fd === this.#wakeFd) {
      this.descriptors.clearEventFd(fd)
      this.#readMail()
    } else if (fd === this.#self.fd) this.descriptors.clearEventFd(fd)
    else {
      const socket = this.#sockets[this.#events.generationAt(index)]
      if (socket?.fd === fd) socket.onSinkReady()
    }
  }

  #readMail(): void {
    for (const { port, onMessage } of this.#mailboxes) {
      for (let mail = receiveMessageOnPort(port); mail !== undefined; mail = receiveMessageOnPort(port)) {
        onMessage(mail.message)
      }
    }
  }

  #takeSlots(): void {
    const published = this.#ring.published
    while (this.#next !== published) {
      const position = this.#next
      this.#next = (position + 1) | 0
      this.#take(position)
      this.#release()
      // Not each time: a slot costs little more than asking for the time does.
      if ((position & 15) === 15 && performance.now() - this.now > turnTime) return
    }
  }

  #take(position: number): void {
    const id = this.#ring.connectionAt(position)
    const value = this.#ring.valueAt(position)
    const kind = this.#ring.kindAt(position)
    if (kind === slotKind.opened) {
      this.#open(id, value, this.#ring.portAt(position))
      return
    }
    // Of one that we have closed there may still be something in the ring.
    const socket = this.#sockets[id]
    if (socket === undefined) return
    if (kind === slotKind.ended) socket.end()
    else if (kind === slotKind.failed) socket.fail('recv', value)
    else {
      socket.deliver(this.#blocks[this.#ring.indexOf(position)] as Block, value)
      if (!socket.closed && this.notes.taken(id)) this.reader.wake()
    }
  }

  #open(id: number, fd: number, port: number): void {
    const socket = new RingSocket(this, id, fd, port)
    this.#sockets[id] = socket
    socket.handler = this.#onConnection(socket)
  }

  /** Releases the slots that have been taken, in order, as far as nobody has kept one of their blocks. */
  #release(): void {
    while (this.#released !== this.#next) {
      const block = this.#blocks[this.#ring.indexOf(this.#released)] as Block
      if (block.leases > 1) break
      this.#released = (this.#released + 1) | 0
    }
    this.#ring.releaseUpTo(this.#released)
    if (Atomics.load(this.#control, controlWord.roomWanted) === 1) this.#callReader()
  }

  // Not for each slot, or the two threads would take turns slot by slot.
  #callReader(): void {
    const { room, slots } = this.#ring
    if (room === 0 || (room * 2 < slots && this.#next !== this.#ring.published)) return
    Atomics.store(this.#control, controlWord.roomWanted, 0)
    this.reader.wake()
  }

  #runTimers(): void {
    for (let timer = this.#timers.takeDue(this.now); timer !== undefined; timer = this.#timers.takeDue(this.now)) {
      timer.callback()
      if (performance.now() - this.now > turnTime) return
    }
  }

  #announceClosed(): void {
    for (const socket of this.#closing.splice(0)) socket.handler?.onClose(socket, socket.failure)
  }
}

function blocksOf({ slots, slotSize, address }: RingShape, { viewOf }: Descriptors): Block[] {
  const memory = new Uint8Array(viewOf(address, slots * slotSize))
  return Array.from({ length: slots }, (_, slot) => {
    const start = slot * slotSize
    return new Block(memory.subarray(start, start + slotSize), address + start).keep()
  })
}
