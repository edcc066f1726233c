// The global of that name is a getter, which costs more than the call.
import { performance } from 'node:perf_hooks'
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { Arena, type Block } from '../arena.js'
import type { LoopOptions } from '../create-loop.js'
import { joinAddress } from '../join-address.js'
import { EPOLLET, EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLRDHUP } from '../linux/constants.js'
import { clearEventFd, closeEventFd, createEventFd, signalEventFd } from '../linux/event-fd.js'
import { close } from '../linux/libc.js'
import { mapRegion } from '../linux/mapped-memory.js'
import { openConnecting, openListening } from '../linux/open-socket.js'
import { Passages } from '../linux/passages.js'
import { acceptedPeer, localPortOf } from '../linux/socket-address.js'
import { wakeOnTime } from '../linux/timer-slack.js'
import type { ConnectOptions, Listener, ListenOptions, Loop, Socket, SocketHandler, Timer } from '../loop.js'
import { ReadyQueue } from '../ready-queue.js'
import { SystemError } from '../system-error.js'
import { TimerHeap } from '../timer-heap.js'
import { EpollEvents } from './epoll-events.js'
import { EpollListener } from './epoll-listener.js'
import { EpollSocket } from './epoll-socket.js'

/** What a pipe keeps is kept in blocks of this size: small, since many slow clients may each hold one. */
const keepBlockSize = 64 * 1024

/** One read takes at most this much. */
const readBlockSize = 256 * 1024

/** Descriptors may also be freed by others than the loop, who do not tell: so many milliseconds later it looks. */
const shortageRetry = 500

const socketMask = EPOLLIN | EPOLLOUT | EPOLLPRI | EPOLLRDHUP | EPOLLET

/** The edge-triggered loop: one epoll instance, one thread, every syscall made directly. */
export class EpollLoop implements Loop {
  readonly engine = 'epoll'
  readonly arena: Arena
  readonly ready = new ReadyQueue()
  /** Ways through the kernel for bytes that nobody looks at. */
  readonly passages = new Passages()
  turns = 0
  now = performance.now()
  readonly #readArena: Arena
  readonly #events: EpollEvents
  readonly #timers = new TimerHeap()
  /** Who owns a descriptor, by its number. */
  readonly #owners: (EpollSocket | EpollListener | undefined)[] = []
  readonly #wakeFd: number
  readonly #ownsWakeFd: boolean
  readonly #mailboxes: { port: MessagePort; onMessage: (message: unknown) => void }[] = []
  /** Closed, and their owners do not know yet. */
  readonly #closing: EpollSocket[] = []
  #short: EpollListener[] = []
  #shortageTimer: Timer | undefined
  #readBlock: Block
  #generation = 0
  #stopping = false
  #ended = false
  #failure: { error: unknown } | undefined

  constructor(options: LoopOptions, events = new EpollEvents()) {
    const allocate = options.allocateRegion ?? mapRegion
    this.arena = new Arena(allocate, keepBlockSize)
    this.#readArena = new Arena(allocate, readBlockSize)
    this.#readBlock = this.#readArena.lease()
    this.#ownsWakeFd = options.wakeToken === undefined
    this.#wakeFd = options.wakeToken ?? createEventFd()
    this.#events = events
    this.#events.add(this.#wakeFd, 0, EPOLLIN | EPOLLET)
  }

  /** Where the next read goes. */
  get readBlock(): Block {
    return this.#readBlock
  }

  /** Takes a fresh block for reading, because somebody has kept the last one. */
  replaceReadBlock(): void {
    this.#readBlock.release()
    this.#readBlock = this.#readArena.lease()
  }

  async listen(options: ListenOptions, onConnection: (socket: Socket) => SocketHandler): Promise<Listener> {
    if (this.#ended) throw new SystemError('listen', 'ECANCELED', joinAddress(options.host, options.port))
    const fd = options.descriptor ?? openListening(options)
    const generation = this.#nextGeneration()
    const listener = new EpollListener(this, fd, generation, { ...options, port: localPortOf(fd) }, onConnection)
    this.#owners[fd] = listener
    this.#events.add(fd, generation, EPOLLIN | EPOLLET)
    return listener
  }

  connect(options: ConnectOptions, handler: SocketHandler): Socket {
    const target = joinAddress(options.host, options.port)
    if (this.#ended) throw new SystemError('connect', 'ECANCELED', target)
    const { fd, failure } = openConnecting(options)
    const socket = new EpollSocket(this, fd, this.#nextGeneration(), target)
    socket.handler = handler
    this.#owners[fd] = socket
    if (failure !== 0) socket.fail(SystemError.fromErrno('connect', failure, target))
    if (options.timeout !== undefined) socket.limitConnecting(options.timeout)
    this.#watch(socket)
    return socket
  }

  /** Makes an accepted descriptor a connection of this loop. */
  adopt(fd: number, localPort: number, onConnection: (socket: Socket) => SocketHandler): void {
    const socket = new EpollSocket(this, fd, this.#nextGeneration(), acceptedPeer(), localPort)
    this.#owners[fd] = socket
    socket.handler = onConnection(socket)
    this.#watch(socket)
  }

  // Only now, when connecting has begun: epoll would report a hang-up for a socket that was never connected.
  #watch(socket: EpollSocket): void {
    if (socket.closed) return
    try {
      this.#events.add(socket.fd, socket.generation, socketMask)
    } catch (error) {
      socket.fail(error as SystemError)
    }
  }

  #nextGeneration(): number {
    this.#generation = (this.#generation + 1) | 0
    return this.#generation
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

  /** Closes a connection's descriptor now; its owner hears of it at the end of the turn. */
  discard(socket: EpollSocket): void {
    this.#closing.push(socket)
    this.#release(socket.fd)
  }

  discardListener(listener: EpollListener): void {
    this.#events.remove(listener.fd)
    this.#release(listener.fd)
  }

  #release(fd: number): void {
    this.#owners[fd] = undefined
    close(fd)
    if (this.#short.length > 0) this.#endShortage()
  }

  /** Tells the listener when a descriptor has become free here, and at the latest after a while. */
  awaitDescriptors(listener: EpollListener): void {
    this.#short.push(listener)
    this.passages.yieldDescriptors(this.now)
    this.#shortageTimer ??= this.timer(shortageRetry, () => this.#endShortage())
  }

  #endShortage(): void {
    this.#shortageTimer?.cancel()
    this.#shortageTimer = undefined
    const waiting = this.#short
    this.#short = []
    for (const listener of waiting) listener.endShortage()
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
    const count = this.#events.wait(this.#timeout())
    this.now = performance.now()
    for (let index = 0; index < count; index++) this.#dispatch(index)
    this.ready.serveAll()
    this.#runTimers()
    if (this.#closing.length > 0) this.#announceClosed()
  }

  #timeout(): number {
    if (!this.ready.empty || this.#closing.length > 0) return 0
    const due = this.#timers.nextDue
    return due === Number.POSITIVE_INFINITY ? -1 : Math.max(0, due - performance.now())
  }

  #dispatch(index: number): void {
    const fd = this.#events.descriptorAt(index)
    if (fd === this.#wakeFd) {
      clearEventFd(fd)
      this.#readMail()
      return
    }
    const owner = this.#owners[fd]
    if (owner?.generation === this.#events.generationAt(index)) owner.onEvents(this.#events.maskAt(index))
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
        const socket = this.#closing[told++] as EpollSocket
        socket.handler?.onClose(socket, socket.failure)
      }
    } finally {
      this.#closing.splice(0, told)
    }
  }

  #dispose(): void {
    this.#ended = true
    for (const owner of this.#owners) owner?.close()
    // What one of the owners throws must not keep the news from the others.
    while (this.#closing.length > 0) {
      try {
        this.#announceClosed()
      } catch (error) {
        this.#failure ??= { error }
      }
    }
    this.#events.close()
    if (this.#ownsWakeFd) closeEventFd(this.#wakeFd)
    this.passages.close()
    this.#readBlock.release()
    this.#readArena.trim()
    this.arena.trim()
  }
}
