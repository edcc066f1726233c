// The global of that name is a getter, which costs more than the call.
import { performance } from 'node:perf_hooks'
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { Arena } from '../arena.js'
import type { LoopOptions } from '../create-loop.js'
import { joinAddress } from '../join-address.js'
import { EPOLLIN } from '../linux/constants.js'
import { clearEventFd, closeEventFd, createEventFd, signalEventFd } from '../linux/event-fd.js'
import { mapRegion } from '../linux/mapped-memory.js'
import { openListening, openUnconnected } from '../linux/open-socket.js'
import { Passages } from '../linux/passages.js'
import { encodeAddress, encodedAddress, localPortOf, peerOf } from '../linux/socket-address.js'
import { wakeOnTime } from '../linux/timer-slack.js'
import type { ConnectOptions, Listener, ListenOptions, Loop, Socket, SocketHandler, Timer } from '../loop.js'
import { ReadyQueue } from '../ready-queue.js'
import { SystemError } from '../system-error.js'
import { TimerHeap } from '../timer-heap.js'
import { IORING_CQE_F_MORE } from './abi.js'
import { BufferRing } from './buffer-ring.js'
import { ChangeList } from './change-list.js'
import { CopySpace } from './copy-space.js'
import { hasIncrementalBuffers } from './obstacle.js'
import {
  accepting,
  awaitingRoom,
  connecting,
  pushConnect,
  pushPollMultishot,
  receiving,
  sending,
  waking,
  watching,
} from './operations.js'
import { Ring } from './ring.js'
import { SlotTable } from './slot-table.js'
import { UringListener } from './uring-listener.js'
import {
  bulkBlockSize,
  defaultSizes,
  incrementalBlockSize,
  keepBlockSize,
  type UringSizes,
  wholeBlockSize,
  wholeBlocksPerIncremental,
} from './uring-sizes.js'
import { UringSocket } from './uring-socket.js'

/** Descriptors may also be freed by others than the loop, who do not tell: so many milliseconds later it looks. */
const shortageRetry = 500

/** How long the end of a loop waits for the kernel to let go of cancelled operations, in milliseconds. */
const disposalPatience = 5000

/** The loop of completions: one io_uring, one thread, one io_uring_enter(2) a turn. */
export class UringLoop implements Loop {
  readonly engine = 'uring'
  readonly arena: Arena
  readonly ready = new ReadyQueue()
  readonly ring: Ring
  /** For multishot receives. Apart from those for bulk: completions tell the order of pieces within one kind only. */
  readonly messageBuffers: BufferRing
  readonly bulkBuffers: BufferRing
  readonly copies: CopySpace
  /** Ways through the kernel for bytes that nobody looks at. */
  readonly passages = new Passages()
  turns = 0
  now = performance.now()
  readonly #messageArena: Arena
  readonly #bulkArena: Arena
  readonly #timers = new TimerHeap()
  readonly #sockets = new SlotTable<UringSocket>()
  readonly #listeners = new SlotTable<UringListener>()
  readonly #changes = new ChangeList()
  readonly #firstChanges = new ChangeList()
  readonly #wakeFd: number
  readonly #ownsWakeFd: boolean
  readonly #mailboxes: { port: MessagePort; onMessage: (message: unknown) => void }[] = []
  /** Closed, and their owners do not know yet. */
  readonly #closing: UringSocket[] = []
  #short: UringListener[] = []
  #shortageTimer: Timer | undefined
  #stopping = false
  #ended = false
  #failure: { error: unknown } | undefined

  /** Throws a SystemError where there is no io_uring: ask `obstacleToUring` first. */
  constructor(options: LoopOptions, sizes: UringSizes = defaultSizes) {
    const allocate = options.allocateRegion ?? mapRegion
    const incremental = sizes.incremental ?? hasIncrementalBuffers()
    const messageBuffers = incremental ? sizes.messageBuffers : sizes.messageBuffers * wholeBlocksPerIncremental
    this.arena = new Arena(allocate, keepBlockSize)
    this.#messageArena = new Arena(allocate, incremental ? incrementalBlockSize : wholeBlockSize)
    this.#bulkArena = new Arena(allocate, bulkBlockSize)
    this.copies = new CopySpace(new Arena(allocate, keepBlockSize))
    this.ring = new Ring(sizes.submissions, sizes.completions)
    this.messageBuffers = new BufferRing(this.ring.fd, 0, this.#messageArena, messageBuffers, incremental)
    this.bulkBuffers = new BufferRing(this.ring.fd, 1, this.#bulkArena, sizes.bulkBuffers, false)
    this.#ownsWakeFd = options.wakeToken === undefined
    this.#wakeFd = options.wakeToken ?? createEventFd()
    pushPollMultishot(this.ring, this.#wakeFd, EPOLLIN, waking, 0)
  }

  async listen(options: ListenOptions, onConnection: (socket: Socket) => SocketHandler): Promise<Listener> {
    if (this.#ended) throw new SystemError('listen', 'ECANCELED', joinAddress(options.host, options.port))
    const fd = openListening(options)
    const described = { ...options, port: localPortOf(fd) }
    const listener = this.#listeners.add(slot => new UringListener(this, fd, slot, described, onConnection))
    this.change(listener)
    return listener
  }

  connect(options: ConnectOptions, handler: SocketHandler): Socket {
    const target = joinAddress(options.host, options.port)
    if (this.#ended) throw new SystemError('connect', 'ECANCELED', target)
    const fd = openUnconnected(options)
    const socket = this.#sockets.add(slot => new UringSocket(this, fd, slot, target))
    socket.handler = handler
    const length = encodeAddress(options.host, options.port)
    pushConnect(this.ring, fd, encodedAddress, length, socket.slot)
    if (options.timeout !== undefined) socket.limitConnecting(options.timeout)
    return socket
  }

  /** Makes an accepted descriptor a connection of this loop. */
  adopt(fd: number, localPort: number, onConnection: (socket: Socket) => SocketHandler): void {
    const socket = this.#sockets.add(slot => new UringSocket(this, fd, slot, peerOf(fd), localPort))
    this.change(socket)
    socket.handler = onConnection(socket)
  }

  /** Notes that something is to be submitted, or to be closed, at the end of the turn. */
  change(owner: UringSocket | UringListener): void {
    this.#changes.add(owner)
  }

  /** The same for one that found no buffer: it asks before those that had one, or it might never find any. */
  changeFirst(socket: UringSocket): void {
    this.#firstChanges.add(socket)
  }

  #flush(): void {
    this.#firstChanges.flush()
    this.#changes.flush()
  }

  timer(delay: number, callback: () => void): Timer {
    const entry = this.#timers.add(performance.now() + delay, callback)
    return { cancel: () => this.#timers.cancel(entry) }
  }

  receive(port: MessagePort, onMessage: (message: unknown) => void): void {
    this.#mailboxes.push({ port, onMessage })
    // Mail may have come before anybody asked for it.
    signalEventFd(this.#wakeFd)
  }

  /** A socket has closed its descriptor, and has nothing in flight; its owner hears of it at the end of the turn. */
  forget(socket: UringSocket): void {
    this.#sockets.remove(socket)
    this.#closing.push(socket)
    if (this.#short.length > 0) this.#endShortage()
  }

  forgetListener(listener: UringListener): void {
    this.#listeners.remove(listener)
    this.#short = this.#short.filter(other => other !== listener)
    if (this.#short.length > 0) this.#endShortage()
  }

  /** Tells the listener when a descriptor has become free here, and at the latest after a while. */
  awaitDescriptors(listener: UringListener): void {
    this.#short.push(listener)
    this.passages.yieldDescriptors(this.now)
    this.#shortageTimer ??= this.timer(shortageRetry, () => this.#endShortage())
  }

  #endShortage(): void {
    this.#shortageTimer?.cancel()
    this.#shortageTimer = undefined
    for (const listener of this.#short.splice(0)) listener.endShortage()
  }

  async run(): Promise<void> {
    if (this.#ended) throw new Error('a loop runs only once')
    wakeOnTime()
    try {
      while (!this.#stopping) this.#turn()
    } catch (error) {
      this.#failure = { error }
    }
    this.#dispose()
    if (this.#failure !== undefined) throw this.#failure.error
  }

  stop(): void {
    this.#stopping = true
  }

  #turn(): void {
    this.turns++
    this.#flush()
    this.ring.enter(this.#timeout())
    this.now = performance.now()
    this.#dispatchAll()
    this.ready.serveAll()
    this.#runTimers()
    if (this.#closing.length > 0) this.#announceClosed()
  }

  #timeout(): number {
    if (!this.ready.empty || this.#closing.length > 0 || this.ring.hasCompletions) return 0
    const due = this.#timers.nextDue
    return due === Number.POSITIVE_INFINITY ? due : Math.max(0, due - performance.now())
  }

  #dispatchAll(): void {
    const { ring } = this
    ring.look()
    while (ring.next()) this.#dispatch(ring.kind, ring.slot, ring.result, ring.completionFlags)
  }

  // A slot that is in flight has its owner: see UringSocket.
  #dispatch(kind: number, slot: number, result: number, flags: number): void {
    if (kind === receiving) this.#sockets.at(slot).onReceived(result, flags)
    else if (kind === sending) this.#sockets.at(slot).onSent(result)
    else if (kind === awaitingRoom) this.#sockets.at(slot).onRoom(result)
    else if (kind === accepting) this.#listeners.at(slot).onAccepted(result, flags)
    else if (kind === connecting) this.#sockets.at(slot).onConnected(result)
    else if (kind === watching) this.#sockets.at(slot).onWatched(result, flags)
    else if (kind === waking) this.#wakeUp(flags)
  }

  #wakeUp(flags: number): void {
    if ((flags & IORING_CQE_F_MORE) === 0) pushPollMultishot(this.ring, this.#wakeFd, EPOLLIN, waking, 0)
    clearEventFd(this.#wakeFd)
    if (!this.#ended) this.#readMail()
  }

  #readMail(): void {
    for (const { port, onMessage } of this.#mailboxes) {
      for (let mail = receiveMessageOnPort(port); mail !== undefined; mail = receiveMessageOnPort(port)) {
        onMessage(mail.message)
      }
    }
  }

  #runTimers(): void {
    for (let timer = this.#timers.takeDue(this.now); timer !== undefined; timer = this.#timers.takeDue(this.now)) {
      timer.callback()
    }
  }

  #announceClosed(): void {
    let told = 0
    try {
      while (told < this.#closing.length) {
        const socket = this.#closing[told++] as UringSocket
        socket.handler?.onClose(socket, socket.failure)
      }
    } finally {
      this.#closing.splice(0, told)
    }
  }

  #dispose(): void {
    this.#ended = true
    for (const listener of this.#listeners) listener.close()
    for (const socket of this.#sockets) socket.close()
    // Once round so that what fits into the sockets' buffers is still sent.
    this.#drainOnce(0)
    for (const socket of this.#sockets) socket.discard()
    const deadline = performance.now() + disposalPatience
    while (this.#sockets.size + this.#listeners.size > 0 && performance.now() < deadline) this.#drainOnce(10)
    this.#announceAllClosed()
    this.#release()
  }

  /** With every owner closed, so that none of them is called. */
  #drainOnce(timeout: number): void {
    this.#flush()
    this.ring.enter(timeout)
    this.#dispatchAll()
    this.#flush()
  }

  // What one of the owners throws must not keep the news from the others.
  #announceAllClosed(): void {
    while (this.#closing.length > 0) {
      try {
        this.#announceClosed()
      } catch (error) {
        this.#failure ??= { error }
      }
    }
  }

  #release(): void {
    if (this.#ownsWakeFd) closeEventFd(this.#wakeFd)
    this.passages.close()
    // Memory that the kernel has not let go of is rather lost than used again.
    if (this.#sockets.size + this.#listeners.size > 0) return
    this.ring.close()
    this.messageBuffers.release()
    this.bulkBuffers.release()
    this.copies.release()
    this.#messageArena.trim()
    this.#bulkArena.trim()
    this.arena.trim()
  }
}
