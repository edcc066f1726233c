import type { Block } from '../arena.js'
import type { Ready } from '../epoll/ready-queue.js'
import { EAGAIN, EINTR, ENOBUFS, EPOLLERR, EPOLLHUP, SHUT_WR } from '../linux/constants.js'
import { close, shutdown } from '../linux/libc.js'
import { localPortOf } from '../linux/socket-address.js'
import { resetOnClose, takeSocketError } from '../linux/socket-options.js'
import type { Socket, SocketHandler, Timer } from '../loop.js'
import { SystemError } from '../system-error.js'
import { ECANCELED, IORING_CQE_BUFFER_SHIFT, IORING_CQE_F_BUFFER, IORING_CQE_F_MORE } from './abi.js'
import { Backlog } from './backlog.js'
import {
  connecting,
  pushCancel,
  pushPollMultishot,
  pushReceive,
  pushReceiveMultishot,
  pushSend,
  receiving,
  sending,
  watching,
} from './operations.js'
import { Outgoing } from './outgoing.js'
import type { UringLoop } from './uring-loop.js'

// Operations in flight, each with what has become of it. The kernel may touch memory of ours for as long as one is.
const connectInFlight = 1 << 0
const receiveInFlight = 1 << 1
const sendInFlight = 1 << 2
const watchInFlight = 1 << 3
const anyInFlight = connectInFlight | receiveInFlight | sendInFlight | watchInFlight
const connectCancelled = 1 << 4
const receiveCancelled = 1 << 5
const sendCancelled = 1 << 6
const watchCancelled = 1 << 7
/** The receive in flight is multishot. */
const multishot = 1 << 8
const unconnected = 1 << 9
/** So much comes in that each receive is asked for by itself, bounded by what the owner wants. */
const bulk = 1 << 10
const readEnded = 1 << 11
const endTold = 1 << 12
const writeEnded = 1 << 13
/** `write` refused something, and its owner waits for `onWritable`. */
const writeRefused = 1 << 14
/** Closing without delivering what is pending. */
const discarding = 1 << 15
/** Bytes that came in were dropped, because the owner had closed. */
const unreadDropped = 1 << 16
/** Both directions have ended: there is nothing more to watch for. */
const hungUp = 1 << 17
const finished = 1 << 18

/** Accepted bytes that may wait for the kernel before `write` refuses more. */
const pendingLimit = 128 * 1024

/** A message of this many bytes makes a connection `bulk`, and a read of less than the lower one ends that. */
const bulkBytes = 16 * 1024
const messageBytes = 8 * 1024

/** How long a closed connection tries to deliver what was accepted, in milliseconds, to a peer that does not read. */
const lingerLimit = 60_000

/**
 * A TCP connection by completions. Owners' calls only change what is wanted; `flush`, once at the end of each turn in
 * which something changed, compares that with what is in flight and submits the difference.
 *
 * The descriptor stays open and the slot taken until the last operation has completed, so that no completion ever
 * finds another connection in its place; what is being sent stays leased until then (`Outgoing`), and what is being
 * received lies in blocks that belong to the loop's rings (`BufferRing`), not to the connection.
 */
export class UringSocket implements Socket, Ready {
  readonly fd: number
  readonly slot: number
  readonly remoteAddress: string
  queued = false
  /** On the loop's list of those to flush. */
  changed = false
  closed = false
  /** Undefined only while the owner of an accepted connection is being asked for it. */
  handler!: SocketHandler
  /** What ended the connection, for `onClose`. */
  failure: SystemError | undefined
  readonly #loop: UringLoop
  #state: number
  #demand = Number.POSITIVE_INFINITY
  /** The bytes that the receive in flight asked for. */
  #asked = 0
  #localPort: number
  #outgoing: Outgoing | undefined
  #backlog: Backlog | undefined
  /** An error that stands behind the backlog. */
  #readFailure: SystemError | undefined
  #timer: Timer | undefined

  /** An accepted connection has a local port; one without has an operation in flight that connects it. */
  constructor(loop: UringLoop, fd: number, slot: number, remoteAddress: string, localPort = 0) {
    this.#loop = loop
    this.fd = fd
    this.slot = slot
    this.remoteAddress = remoteAddress
    this.#localPort = localPort
    this.#state = localPort === 0 ? unconnected | connectInFlight : 0
  }

  get pendingBytes(): number {
    return this.#outgoing === undefined ? 0 : this.#outgoing.length
  }

  get localPort(): number {
    if (this.#localPort === 0 && !(this.#state & finished)) this.#localPort = localPortOf(this.fd)
    return this.#localPort
  }

  /** Fails with `ETIMEDOUT` unless the connection stands after `timeout` milliseconds. */
  limitConnecting(timeout: number): void {
    this.#timer = this.#loop.timer(timeout, () => {
      this.fail(new SystemError('connect', 'ETIMEDOUT', this.remoteAddress))
    })
  }

  demand(bytes: number): void {
    const before = this.#demand
    this.#demand = bytes
    if (this.closed || (bytes > 0 && before > 0)) return
    if (bytes > 0 && this.#holdsNews()) this.#loop.ready.add(this)
    this.#loop.change(this)
  }

  #holdsBytes(): boolean {
    return this.#backlog !== undefined && !this.#backlog.empty
  }

  #holdsNews(): boolean {
    return (this.#state & (readEnded | endTold)) === readEnded || this.#holdsBytes() || this.#readFailure !== undefined
  }

  /** A receive has completed, or a multishot one has brought something. */
  onReceived(result: number, flags: number): void {
    const buffers = this.#state & multishot ? this.#loop.messageBuffers : this.#loop.bulkBuffers
    if ((flags & IORING_CQE_F_MORE) === 0) {
      this.#state &= ~(receiveInFlight | multishot | receiveCancelled)
      if (result === -ENOBUFS) this.#loop.changeFirst(this)
      else this.#loop.change(this)
    }
    if (flags & IORING_CQE_F_BUFFER) {
      const block = buffers.take(flags >>> IORING_CQE_BUFFER_SHIFT, Math.max(0, result), flags)
      if (result > 0) this.#take(block, buffers.start, result)
      block.release()
    }
    if (result === 0) this.#reachEnd()
    else if (result < 0) this.#receiveFailed(-result)
  }

  #take(block: Block, start: number, length: number): void {
    if (this.closed) {
      this.#state |= unreadDropped
      return
    }
    this.#adapt(length)
    if (this.#demand === 0 || this.#holdsBytes()) {
      this.#hold(block, start, length)
      return
    }
    const wanted = Math.min(this.#demand, length)
    if (wanted < length) this.#hold(block, start + wanted, length - wanted)
    this.handler.onRead(this, block, start, wanted)
  }

  /** Multishot suits messages; a flood that nobody bounds would fill memory faster than its owner can pause it. */
  #adapt(length: number): void {
    if (!(this.#state & bulk)) {
      if (length < bulkBytes) return
      this.#state |= bulk
      this.#loop.change(this)
    } else if (length < messageBytes && length < this.#asked) {
      this.#state &= ~bulk
    }
  }

  #hold(block: Block, start: number, length: number): void {
    this.#backlog ??= new Backlog()
    this.#backlog.push(block, start, length)
    // Whoever pauses is asked before each receive from now on.
    this.#state |= bulk
    this.#loop.change(this)
    if (this.#demand > 0) this.#loop.ready.add(this)
  }

  #reachEnd(): void {
    this.#state |= readEnded
    if (!this.#holdsBytes()) this.#tellEnd()
  }

  #tellEnd(): void {
    if (this.closed || this.#demand === 0 || (this.#state & (readEnded | endTold)) !== readEnded) return
    this.#state |= endTold
    this.handler.onEnd(this)
  }

  #receiveFailed(error: number): void {
    // Cancelled, or out of buffers, which have been replaced by now: `flush` asks again when it is time.
    if (error === ECANCELED || error === ENOBUFS || error === EINTR || error === EAGAIN) return
    const failure = SystemError.fromErrno('recv', error, this.remoteAddress)
    if (this.#demand > 0 && this.#holdsBytes()) this.#readFailure = failure
    else this.fail(failure)
  }

  /** Delivers what was held while reading was paused. */
  service(): void {
    if (this.closed || this.#demand === 0) return
    this.#backlog?.take(this.#demand, (block, start, length) => this.handler.onRead(this, block, start, length))
    if (this.closed) return
    this.#loop.change(this)
    if (this.#holdsBytes()) this.#loop.ready.add(this)
    else if (this.#readFailure !== undefined) this.fail(this.#readFailure)
    else this.#tellEnd()
  }

  write(block: Block, start: number, length: number): number {
    if (this.closed || this.#state & writeEnded || length === 0) return 0
    if (this.#state & unconnected || this.pendingBytes >= pendingLimit) {
      this.#state |= writeRefused
      return 0
    }
    this.#outgoing ??= new Outgoing()
    this.#loop.change(this)
    if (block.address !== 0) {
      this.#outgoing.append(block, start, length)
      return length
    }
    return this.#appendCopy(this.#outgoing, block, start, length)
  }

  // Memory that is not the loop's might move or be collected while the kernel sends from it.
  #appendCopy(outgoing: Outgoing, block: Block, start: number, length: number): number {
    const copy = this.#loop.arena.lease()
    const taken = Math.min(length, copy.size)
    copy.memory.set(block.memory.subarray(start, start + taken))
    outgoing.append(copy, 0, taken)
    copy.release()
    if (taken < length) this.#state |= writeRefused
    return taken
  }

  /** A send has completed: what the kernel had room for. The rest, if any, is submitted anew by `flush`. */
  onSent(result: number): void {
    this.#state &= ~(sendInFlight | sendCancelled)
    this.#loop.change(this)
    const outgoing = this.#outgoing as Outgoing
    if (result >= 0) outgoing.consume(result)
    else this.#sendFailed(-result)
    if (outgoing.length > 0 && !(this.#state & writeRefused && outgoing.length < pendingLimit)) return
    if (outgoing.length === 0 && this.#state & writeEnded && !this.closed) shutdown(this.fd, SHUT_WR)
    if (this.closed || this.#state & writeEnded) return
    this.#state &= ~writeRefused
    this.handler.onWritable(this)
  }

  #sendFailed(error: number): void {
    if (error === ECANCELED || error === EINTR || error === EAGAIN) return
    this.fail(SystemError.fromErrno('send', error, this.remoteAddress))
  }

  /** The operation that connects has completed. */
  onConnected(result: number): void {
    this.#state &= ~(connectInFlight | connectCancelled)
    this.#loop.change(this)
    if (this.closed) return
    if (result < 0) {
      this.fail(SystemError.fromErrno('connect', -result, this.remoteAddress))
      return
    }
    this.#state &= ~unconnected
    this.#timer?.cancel()
    if (this.#state & writeEnded) shutdown(this.fd, SHUT_WR)
    this.handler.onConnect?.(this)
    if (this.closed || !(this.#state & writeRefused)) return
    this.#state &= ~writeRefused
    this.handler.onWritable(this)
  }

  /** Something has happened on a descriptor that is not read from; `result` is the mask of events. */
  onWatched(result: number, flags: number): void {
    if ((flags & IORING_CQE_F_MORE) === 0) {
      this.#state &= ~(watchInFlight | watchCancelled)
      this.#loop.change(this)
    }
    // The peer's end is watched too, whether one likes it or not, and is no news. And an operation in flight will say
    // the same as the watch, and needs the error for itself.
    if (result < 0 || (result & (EPOLLERR | EPOLLHUP)) === 0) return
    if (this.closed || this.#state & (receiveInFlight | sendInFlight)) return
    const error = takeSocketError(this.fd)
    const syscall = this.#state & readEnded ? 'send' : 'recv'
    if (error === 0) this.#state |= hungUp
    else this.fail(SystemError.fromErrno(syscall, error, this.remoteAddress))
  }

  shutdown(): void {
    if (this.closed || this.#state & writeEnded) return
    this.#state = (this.#state | writeEnded) & ~writeRefused
    if (!(this.#state & unconnected) && this.pendingBytes === 0) shutdown(this.fd, SHUT_WR)
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.#timer?.cancel()
    this.#loop.change(this)
    if (this.pendingBytes > 0 && !(this.#state & discarding)) {
      this.#timer = this.#loop.timer(lingerLimit, () => this.discard())
    }
  }

  abort(): void {
    if (this.closed) return
    resetOnClose(this.fd)
    this.#state |= discarding
    this.close()
  }

  /** Ends the connection because of an error, which `onClose` will hear. */
  fail(error: SystemError): void {
    if (this.closed) return
    this.failure = error
    this.#state |= discarding
    this.close()
  }

  /** Closes without waiting for the peer to take what is pending. */
  discard(): void {
    this.#state |= discarding
    this.close()
    this.#loop.change(this)
  }

  /** Submits what the state calls for. Calls no owner. */
  flush(): void {
    if (this.closed) this.#flushClosing()
    else if (!(this.#state & unconnected)) {
      this.#flushSend()
      this.#flushReceive()
    }
  }

  #flushSend(): void {
    const outgoing = this.#outgoing
    if (outgoing === undefined || outgoing.length === 0 || this.#state & sendInFlight) return
    this.#state |= sendInFlight
    pushSend(this.#loop.ring, this.fd, outgoing.frontAddress, outgoing.frontLength, this.slot)
  }

  #flushReceive(): void {
    const state = this.#state
    if (state & receiveInFlight) {
      if (state & multishot && state & bulk) this.#cancel(receiveInFlight, receiveCancelled, receiving)
      return
    }
    if (state & readEnded || this.#demand === 0) {
      this.#flushWatch()
      return
    }
    if (this.#holdsBytes() || this.#readFailure !== undefined) return
    const { ring, messageBuffers, bulkBuffers } = this.#loop
    if (state & bulk) {
      this.#state |= receiveInFlight
      this.#asked = Math.min(this.#demand, bulkBuffers.blockSize)
      pushReceive(ring, this.fd, bulkBuffers.group, this.#asked, this.slot)
    } else {
      this.#state |= receiveInFlight | multishot
      pushReceiveMultishot(ring, this.fd, messageBuffers.group, this.slot)
    }
  }

  // Who does not read would never find out that the peer is gone.
  #flushWatch(): void {
    if (this.#state & (watchInFlight | hungUp)) return
    this.#state |= watchInFlight
    pushPollMultishot(this.#loop.ring, this.fd, EPOLLERR | EPOLLHUP, watching, this.slot)
  }

  #cancel(inFlight: number, cancelled: number, kind: number): void {
    if ((this.#state & (inFlight | cancelled)) !== inFlight) return
    this.#state |= cancelled
    pushCancel(this.#loop.ring, kind, this.slot)
  }

  #flushClosing(): void {
    this.#cancel(connectInFlight, connectCancelled, connecting)
    this.#cancel(receiveInFlight, receiveCancelled, receiving)
    this.#cancel(watchInFlight, watchCancelled, watching)
    if (this.#state & discarding) this.#cancel(sendInFlight, sendCancelled, sending)
    else this.#flushSend()
    if ((this.#state & (anyInFlight | finished)) === 0) this.#finish()
  }

  #finish(): void {
    this.#state |= finished
    this.#timer?.cancel()
    // The kernel would have reset a connection whose bytes were not all read; what it gave us counts as read to it.
    if (this.#state & unreadDropped || this.#holdsBytes()) resetOnClose(this.fd)
    close(this.fd)
    this.#backlog?.clear()
    this.#outgoing?.release()
    this.#loop.forget(this)
  }
}
