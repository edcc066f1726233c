import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { Arena, type Block } from '../arena.js'
import type { LoopOptions } from '../create-loop.js'
import { EINPROGRESS, EPOLLET, EPOLLIN, EPOLLOUT, EPOLLRDHUP } from '../linux/constants.js'
import { clearEventFd, closeEventFd, createEventFd } from '../linux/event-fd.js'
import { close, connect, errno } from '../linux/libc.js'
import { mapRegion } from '../linux/mapped-memory.js'
import { openConnecting, openListening } from '../linux/open-socket.js'
import { addressPointer, encodeAddress, joinAddress, localPortOf } from '../linux/socket-address.js'
import type { ConnectOptions, Listener, ListenOptions, Loop, Socket, SocketHandler, Timer } from '../loop.js'
import { SystemError } from '../system-error.js'
import { TimerHeap } from '../timer-heap.js'
import { EpollEvents } from './epoll-events.js'
import { EpollListener } from './epoll-listener.js'
import { EpollSocket } from './epoll-socket.js'
import { ReadyQueue } from './ready-queue.js'

/** What a pipe keeps is kept in blocks of this size: small, since many slow clients may each hold one. */
const keepBlockSize = 64 * 1024

/** One read takes at most this much, which is also a connection's share of a turn. */
const readBlockSize = 256 * 1024

const socketMask = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET

/** The edge-triggered loop: one epoll instance, one thread, every syscall made directly. */
export class EpollLoop implements Loop {
  readonly engine = 'epoll'
  readonly arena: Arena
  readonly ready = new ReadyQueue()
  turns = 0
  now = performance.now()
  readonly #readArena: Arena
  readonly #events = new EpollEvents()
  readonly #timers = new TimerHeap()
  /** Who owns a descriptor, by its number. */
  readonly #owners: (EpollSocket | EpollListener | undefined)[] = []
  readonly #wakeFd: number
  readonly #ownsWakeFd: boolean
  readonly #mailboxes: { port: MessagePort; onMessage: (message: unknown) => void }[] = []
  #closing: EpollSocket[] = []
  #short: EpollListener[] = []
  #readBlock: Block
  #generation = 0
  #stopping = false

  constructor(options: LoopOptions) {
    const allocate = options.allocateRegion ?? mapRegion
    this.arena = new Arena(allocate, keepBlockSize)
    this.#readArena = new Arena(allocate, readBlockSize)
    this.#readBlock = this.#readArena.lease()
    this.#ownsWakeFd = options.wakeToken === undefined
    this.#wakeFd = options.wakeToken ?? createEventFd()
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
    const fd = openListening(options)
    const generation = this.#nextGeneration()
    const listener = new EpollListener(this, fd, generation, { ...options, port: localPortOf(fd) }, onConnection)
    this.#owners[fd] = listener
    this.#events.add(fd, generation, EPOLLIN | EPOLLET)
    return listener
  }

  connect(options: ConnectOptions, handler: SocketHandler): Socket {
    const fd = openConnecting(options)
    const target = joinAddress(options.host, options.port)
    const socket = new EpollSocket(this, fd, this.#nextGeneration(), target)
    this.#own(socket, handler)
    if (options.timeout !== undefined) socket.limitConnecting(options.timeout)
    const length = encodeAddress(options.host, options.port)
    if (connect(fd, addressPointer, length) < 0) {
      const error = errno()
      if (error !== EINPROGRESS) socket.fail(SystemError.fromErrno('connect', error, target))
    }
    return socket
  }

  /** Makes an accepted descriptor a connection of this loop. */
  adopt(fd: number, onConnection: (socket: Socket) => SocketHandler): void {
    const socket = new EpollSocket(this, fd, this.#nextGeneration())
    this.#own(socket, onConnection(socket))
  }

  #own(socket: EpollSocket, handler: SocketHandler): void {
    socket.handler = handler
    if (socket.closed) return
    this.#owners[socket.fd] = socket
    this.#events.add(socket.fd, socket.generation, socketMask)
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
  }

  /** Closes a connection's descriptor now; its owner hears of it at the end of the turn. */
  discard(socket: EpollSocket): void {
    this.#closing.push(socket)
    this.#release(socket.fd)
  }

  discardListener(listener: EpollListener): void {
    this.#short = this.#short.filter(other => other !== listener)
    this.#release(listener.fd)
  }

  #release(fd: number): void {
    this.#owners[fd] = undefined
    close(fd)
    if (this.#short.length > 0) this.#endShortage()
  }

  /** Tells the listener when a descriptor has become free here, and at the latest in `retry` milliseconds. */
  awaitDescriptors(listener: EpollListener, retry: number): void {
    this.#short.push(listener)
    this.timer(retry, () => this.#endShortage())
  }

  #endShortage(): void {
    const waiting = this.#short
    this.#short = []
    for (const listener of waiting) listener.endShortage()
  }

  async run(): Promise<void> {
    this.#readMail()
    try {
      while (!this.#stopping) this.#turn()
    } finally {
      this.#dispose()
    }
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
    if (due === Number.POSITIVE_INFINITY) return -1
    return Math.max(0, Math.ceil(due - performance.now()))
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
    while (this.#closing.length > 0) {
      const closing = this.#closing
      this.#closing = []
      for (const socket of closing) socket.handler.onClose(socket, socket.failure)
    }
  }

  #dispose(): void {
    for (const owner of this.#owners) owner?.close()
    this.#announceClosed()
    this.#events.close()
    if (this.#ownsWakeFd) closeEventFd(this.#wakeFd)
  }
}
