import type { Block } from '../arena.js'
import { EAGAIN, EINTR, ENOBUFS, EPOLLERR, EPOLLHUP, EPOLLIN } from '../linux/constants.js'
import { leastBulk } from '../linux/passages.js'
import { takeSocketError } from '../linux/socket-options.js'
import { SystemError } from '../system-error.js'
import { ECANCELED, IORING_CQE_BUFFER_SHIFT, IORING_CQE_F_BUFFER, IORING_CQE_F_MORE } from './abi.js'
import { Backlog } from './backlog.js'
import {
  pushCancel,
  pushPoll,
  pushPollMultishot,
  pushReceive,
  pushReceiveMultishot,
  receiving,
  watching,
} from './operations.js'
import type { UringLoop } from './uring-loop.js'
import type { UringSocket } from './uring-socket.js'

const receiveInFlight = 1 << 0
const receiveCancelled = 1 << 1
/** The receive in flight is multishot. */
const multishot = 1 << 2
/** While nothing is received, a poll is in flight, or else nobody would find out that the peer is gone. */
const watchInFlight = 1 << 3
const watchCancelled = 1 << 4
/** So much comes in that each receive is asked for by itself, bounded by what the owner wants. */
const bulk = 1 << 5
const ended = 1 << 6
const endTold = 1 << 7
/** Both directions have ended: there is nothing more to watch for. */
const hungUp = 1 << 8
/** Bytes that came in were dropped, because the owner had closed. */
const dropped = 1 << 9
/** The last receive took all that it could: what follows may pass through the kernel, if its owner does not want to see it. */
const passing = 1 << 10
/** What is in flight waits for something to receive, and receives nothing. */
const polling = 1 << 11
/** Receiving waits a turn for what is pending to be sent, for only behind that may something pass. */
const deferred = 1 << 12

/** Passages that a connection may fill before it is the next one's turn: 1 MiB at most. */
const passesInATurn = 4

/** A message of this many bytes makes a connection `bulk`, and a read of less than the lower one ends that. */
const bulkBytes = 16 * 1024
const messageBytes = 8 * 1024

/**
 * The reading side of a connection. What it receives lies in blocks of the loop's rings, so that nothing of its own is
 * in the kernel's hands.
 */
export class UringReceiver {
  readonly #loop: UringLoop
  readonly #socket: UringSocket
  #state = 0
  #demand = Number.POSITIVE_INFINITY
  /** The bytes that the receive in flight asked for. */
  #asked = 0
  #backlog: Backlog | undefined
  /** An error that stands behind the backlog. */
  #failure: SystemError | undefined

  constructor(loop: UringLoop, socket: UringSocket) {
    this.#loop = loop
    this.#socket = socket
  }

  get inFlight(): boolean {
    return (this.#state & (receiveInFlight | watchInFlight)) !== 0
  }

  /** Bytes came in that the owner has not seen. */
  get hasUnread(): boolean {
    return (this.#state & dropped) !== 0 || this.#holdsBytes()
  }

  demand(bytes: number): void {
    const before = this.#demand
    this.#demand = bytes
    if (bytes > 0 && before > 0) return
    if (bytes > 0 && this.#holdsNews()) this.#loop.ready.add(this.#socket)
    this.#loop.change(this.#socket)
  }

  #holdsBytes(): boolean {
    return this.#backlog !== undefined && !this.#backlog.empty
  }

  #holdsNews(): boolean {
    return (this.#state & (ended | endTold)) === ended || this.#holdsBytes() || this.#failure !== undefined
  }

  /** A receive has completed, or a multishot one has brought something. */
  onReceived(result: number, flags: number): void {
    if (this.#state & polling) {
      this.#onReceivable(result)
      return
    }
    const buffers = this.#state & multishot ? this.#loop.messageBuffers : this.#loop.bulkBuffers
    if ((flags & IORING_CQE_F_MORE) === 0) {
      this.#state &= ~(receiveInFlight | multishot | receiveCancelled)
      if (result === -ENOBUFS) this.#loop.changeFirst(this.#socket)
      else this.#loop.change(this.#socket)
    }
    if (flags & IORING_CQE_F_BUFFER) {
      const block = buffers.take(flags >>> IORING_CQE_BUFFER_SHIFT, Math.max(0, result), flags)
      if (result > 0) this.#take(block, buffers.start, result)
      block.release()
    }
    if (result === 0) this.#reachEnd()
    else if (result < 0) this.#fail(-result)
  }

  #take(block: Block, start: number, length: number): void {
    if (this.#socket.closed) {
      this.#state |= dropped
      return
    }
    this.#adapt(length)
    if (this.#demand === 0 || this.#holdsBytes()) {
      this.#hold(block, start, length)
      return
    }
    const wanted = Math.min(this.#demand, length)
    if (wanted < length) this.#hold(block, start + wanted, length - wanted)
    this.#socket.handler.onRead(this.#socket, block, start, wanted)
  }

  /** Multishot suits messages; a flood that nobody bounds would fill memory faster than its owner can pause it. */
  #adapt(length: number): void {
    if (!(this.#state & bulk)) {
      if (length < bulkBytes) return
      this.#state |= bulk
      this.#loop.change(this.#socket)
    } else if (length < messageBytes && length < this.#asked) {
      this.#state &= ~bulk
    } else if (length === this.#asked && length >= leastBulk) {
      this.#state |= passing
    }
  }

  /** There is something to receive, or its end, or an error; or waiting for it was cancelled. */
  #onReceivable(result: number): void {
    this.#state &= ~(receiveInFlight | polling | receiveCancelled)
    this.#loop.change(this.#socket)
    if (result < 0) {
      this.#fail(-result)
      return
    }
    let passes = 0
    while (passes < passesInATurn && this.#state & passing && this.#pass()) passes++
    // Where there was said to be something, urgent data may be in the way (see EpollSocket), or nobody wanted it unseen.
    if (passes === 0) this.#state &= ~passing
  }

  /** Takes in bytes that the owner does not want to see; false when it took none. */
  #pass(): boolean {
    const socket = this.#socket
    if (socket.closed || this.#demand === 0 || socket.handler.takesUnseen !== true) return false
    const passage = this.#loop.passages.receive(socket.fd, this.#demand, this.#loop.now)
    if (passage === undefined) this.#state &= ~passing
    else if (passage === 0) this.#reachEnd()
    else if (typeof passage === 'number') this.#fail(-passage)
    else {
      if (passage.length < leastBulk) this.#state &= ~passing
      socket.handler.onUnseen?.(socket, passage)
      return true
    }
    return false
  }

  #hold(block: Block, start: number, length: number): void {
    this.#backlog ??= new Backlog()
    this.#backlog.push(block, start, length)
    // Whoever pauses is asked before each receive from now on.
    this.#state |= bulk
    this.#loop.change(this.#socket)
    if (this.#demand > 0) this.#loop.ready.add(this.#socket)
  }

  #reachEnd(): void {
    this.#state |= ended
    if (!this.#holdsBytes()) this.#tellEnd()
  }

  #tellEnd(): void {
    if (this.#socket.closed || this.#demand === 0 || (this.#state & (ended | endTold)) !== ended) return
    this.#state |= endTold
    this.#socket.handler.onEnd(this.#socket)
  }

  #fail(error: number): void {
    // Cancelled, or out of buffers, which have been replaced by now: `flush` asks again when it is time.
    if (error === ECANCELED || error === ENOBUFS || error === EINTR || error === EAGAIN) return
    const failure = SystemError.fromErrno('recv', error, this.#socket.remoteAddress)
    if (this.#demand > 0 && this.#holdsBytes()) this.#failure = failure
    else this.#socket.fail(failure)
  }

  /** Delivers what was held while reading was paused. */
  service(): void {
    const socket = this.#socket
    if (this.#demand === 0) return
    this.#backlog?.take(this.#demand, (block, start, length) => socket.handler.onRead(socket, block, start, length))
    if (socket.closed) return
    this.#loop.change(socket)
    if (this.#holdsBytes()) this.#loop.ready.add(socket)
    else if (this.#failure !== undefined) socket.fail(this.#failure)
    else this.#tellEnd()
  }

  /** Something has happened on a descriptor that is not read from; `result` is the mask of events. */
  onWatched(result: number, flags: number): void {
    const socket = this.#socket
    if ((flags & IORING_CQE_F_MORE) === 0) {
      this.#state &= ~(watchInFlight | watchCancelled)
      this.#loop.change(socket)
    }
    // The peer's end is watched too, whether one likes it or not, and is no news. And an operation in flight will say
    // the same as the watch, and needs the error for itself.
    if (result < 0 || (result & (EPOLLERR | EPOLLHUP)) === 0) return
    if (socket.closed || socket.isSending || this.#state & receiveInFlight) return
    const error = takeSocketError(socket.fd)
    const syscall = this.#state & ended ? 'send' : 'recv'
    if (error === 0) this.#state |= hungUp
    else socket.fail(SystemError.fromErrno(syscall, error, socket.remoteAddress))
  }

  /** Submits what the state of an open connection calls for. */
  flush(): void {
    const state = this.#state
    if (state & receiveInFlight) {
      if (state & multishot && state & bulk) this.#cancel(receiveInFlight, receiveCancelled, receiving)
    } else if (state & ended || this.#demand === 0) {
      this.#watch()
    } else if (!this.#holdsBytes() && this.#failure === undefined) {
      this.#receive()
    }
  }

  #receive(): void {
    const { ring, messageBuffers, bulkBuffers } = this.#loop
    const { fd, slot } = this.#socket
    if (this.#state & passing && this.#awaitPassage()) return
    this.#state &= ~deferred
    if (this.#state & bulk) {
      this.#state |= receiveInFlight
      this.#asked = Math.min(this.#demand, bulkBuffers.blockSize)
      pushReceive(ring, fd, bulkBuffers.group, this.#asked, slot)
    } else {
      this.#state |= receiveInFlight | multishot
      pushReceiveMultishot(ring, fd, messageBuffers.group, slot)
    }
  }

  /** Waits for something to receive, or for a turn; false when it has to be received. */
  #awaitPassage(): boolean {
    const socket = this.#socket
    if (socket.handler.takesUnseen !== true) return false
    if (socket.pendingBytes === 0) {
      this.#state = (this.#state | receiveInFlight | polling) & ~deferred
      pushPoll(this.#loop.ring, socket.fd, EPOLLIN, receiving, socket.slot)
      return true
    }
    if (this.#state & deferred) return false
    this.#state |= deferred
    this.#loop.ready.add(socket)
    return true
  }

  #watch(): void {
    if (this.#state & (watchInFlight | hungUp)) return
    this.#state |= watchInFlight
    pushPollMultishot(this.#loop.ring, this.#socket.fd, EPOLLERR | EPOLLHUP, watching, this.#socket.slot)
  }

  /** Cancels what is in flight. */
  cancel(): void {
    this.#cancel(receiveInFlight, receiveCancelled, receiving)
    this.#cancel(watchInFlight, watchCancelled, watching)
  }

  #cancel(inFlight: number, cancelled: number, kind: number): void {
    if ((this.#state & (inFlight | cancelled)) !== inFlight) return
    this.#state |= cancelled
    pushCancel(this.#loop.ring, kind, this.#socket.slot)
  }

  /** Gives up what is held. */
  release(): void {
    this.#backlog?.clear()
  }
}
