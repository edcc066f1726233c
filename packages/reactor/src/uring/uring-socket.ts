import type { Block } from '../arena.js'
import { EAGAIN, EINTR, EPOLLOUT, SHUT_WR } from '../linux/constants.js'
import { close, shutdown } from '../linux/libc.js'
import type { Passage, PassageSink } from '../linux/passages.js'
import { localPortOf, type PeerAddress, peerText } from '../linux/socket-address.js'
import { resetOnClose } from '../linux/socket-options.js'
import type { SocketHandler, Timer } from '../loop.js'
import type { Ready } from '../ready-queue.js'
import { SystemError } from '../system-error.js'
import { ECANCELED } from './abi.js'
import { awaitingRoom, connecting, pushCancel, pushPoll, pushSend, pushSendRanges, sending } from './operations.js'
import { Outgoing } from './outgoing.js'
import type { UringLoop } from './uring-loop.js'
import { UringReceiver } from './uring-receiver.js'
import { bulkBlockSize } from './uring-sizes.js'

const connectInFlight = 1 << 0
const connectCancelled = 1 << 1
const sendInFlight = 1 << 2
const sendCancelled = 1 << 3
const unconnected = 1 << 4
const writeEnded = 1 << 5
/** `write` refused something before the connection stood, and its owner waits for `onWritable`. */
const writeRefused = 1 << 6
/** Closing without delivering what is pending. */
const discarding = 1 << 7
/** The descriptor is closed. */
const finished = 1 << 8
/** The kernel refused bytes of a passage, whose owner waits for `onWritable`. */
const roomWanted = 1 << 9
const roomInFlight = 1 << 10
const roomCancelled = 1 << 11

/** Accepted bytes that may wait for the kernel before `write` refuses more: one bulk read behind the half of another. */
const pendingLimit = 1.5 * bulkBlockSize

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
export class UringSocket implements PassageSink, Ready {
  readonly fd: number
  readonly slot: number
  queued = false
  /** On the loop's list of those to flush. */
  changed = false
  closed = false
  /** Undefined only while the owner of an accepted connection is being asked for it. */
  handler!: SocketHandler
  /** What ended the connection, for `onClose`. */
  failure: SystemError | undefined
  readonly #loop: UringLoop
  readonly #receiver: UringReceiver
  readonly #peer: PeerAddress
  #state: number
  #localPort: number
  #outgoing: Outgoing | undefined
  #timer: Timer | undefined

  /** An accepted connection has a local port; one without has an operation in flight that connects it. */
  constructor(loop: UringLoop, fd: number, slot: number, peer: PeerAddress, localPort = 0) {
    this.#loop = loop
    this.fd = fd
    this.slot = slot
    this.#peer = peer
    this.#localPort = localPort
    this.#receiver = new UringReceiver(loop, this)
    this.#state = localPort === 0 ? unconnected | connectInFlight : 0
  }

  get pendingBytes(): number {
    return this.#outgoing === undefined ? 0 : this.#outgoing.length
  }

  get remoteAddress(): string {
    return peerText(this.#peer)
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

  /** A send is in flight. */
  get isSending(): boolean {
    return (this.#state & sendInFlight) !== 0
  }

  demand(bytes: number): void {
    if (!this.closed) this.#receiver.demand(bytes)
  }

  onReceived(result: number, flags: number): void {
    this.#receiver.onReceived(result, flags)
  }

  onWatched(result: number, flags: number): void {
    this.#receiver.onWatched(result, flags)
  }

  service(): void {
    if (!this.closed) this.#receiver.service()
  }

  write(block: Block, start: number, length: number): number {
    if (this.closed || this.#state & writeEnded || length === 0) return 0
    if (this.#state & unconnected) {
      this.#state |= writeRefused
      return 0
    }
    // Whoever is refused has bytes pending, and is told when the next of them have gone.
    const room = pendingLimit - this.pendingBytes
    if (room <= 0) return 0
    this.#outgoing ??= new Outgoing()
    this.#loop.change(this)
    const accepted = Math.min(length, room)
    if (block.address === 0) return this.#appendCopy(this.#outgoing, block, start, accepted)
    this.#outgoing.append(block, start, accepted)
    return accepted
  }

  // Memory that is not the loop's might move or be collected while the kernel sends from it.
  #appendCopy(outgoing: Outgoing, block: Block, start: number, length: number): number {
    const { copies } = this.#loop
    const taken = Math.min(length, copies.most)
    outgoing.append(copies.copy(block.memory.subarray(start, start + taken)), copies.start, taken)
    return taken
  }

  sendFrom(passage: Passage): number {
    if (this.closed || this.#state & writeEnded) return 0
    if (this.#state & unconnected) {
      this.#state |= writeRefused
      return 0
    }
    // What was accepted before goes first, and when it has gone the owner is told.
    if (this.pendingBytes > 0) return 0
    let sent = 0
    while (passage.length > 0 && !this.closed && !(this.#state & roomWanted)) {
      const count = passage.emptyInto(this.fd)
      if (count > 0) sent += count
      else this.#passFailed(-count)
    }
    return sent
  }

  #passFailed(error: number): void {
    if (error === EINTR) return
    if (error !== EAGAIN) {
      this.#sendFailed(error)
      return
    }
    this.#state |= roomWanted
    this.#loop.change(this)
  }

  /** There is room for what was refused of a passage, or an error will tell why there will be none. */
  onRoom(result: number): void {
    this.#state &= ~(roomWanted | roomInFlight | roomCancelled)
    this.#loop.change(this)
    if (result >= 0 && !this.closed && !(this.#state & writeEnded)) this.handler.onWritable(this)
  }

  /** A send has completed: what the kernel had room for. The rest, if any, is submitted anew by `flush`. */
  onSent(result: number): void {
    this.#state &= ~(sendInFlight | sendCancelled)
    this.#loop.change(this)
    if (result < 0) {
      this.#sendFailed(-result)
      return
    }
    const outgoing = this.#outgoing as Outgoing
    outgoing.consume(result)
    if (this.#state & writeEnded) {
      // After a close too: bytes that nobody read will make it a reset, and FIN has to be before that.
      if (outgoing.length === 0) shutdown(this.fd, SHUT_WR)
    } else if (!this.closed) this.handler.onWritable(this)
  }

  #sendFailed(error: number): void {
    if (error === ECANCELED || error === EINTR || error === EAGAIN) return
    // For a connection that is closed already, too: what is pending has nowhere to go.
    this.#state |= discarding
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
      this.#awaitRoom()
      this.#receiver.flush()
    }
  }

  #awaitRoom(): void {
    if ((this.#state & (roomWanted | roomInFlight)) !== roomWanted) return
    this.#state |= roomInFlight
    pushPoll(this.#loop.ring, this.fd, EPOLLOUT, awaitingRoom, this.slot)
  }

  #flushSend(): void {
    const outgoing = this.#outgoing
    if (outgoing === undefined || outgoing.length === 0 || this.#state & sendInFlight) return
    this.#state |= sendInFlight
    if (outgoing.ranges > 1) pushSendRanges(this.#loop.ring, this.fd, outgoing, this.slot)
    else pushSend(this.#loop.ring, this.fd, outgoing.addressOf(0), outgoing.length, this.slot)
  }

  #cancel(inFlight: number, cancelled: number, kind: number): void {
    if ((this.#state & (inFlight | cancelled)) !== inFlight) return
    this.#state |= cancelled
    pushCancel(this.#loop.ring, kind, this.slot)
  }

  #flushClosing(): void {
    this.#cancel(connectInFlight, connectCancelled, connecting)
    this.#cancel(roomInFlight, roomCancelled, awaitingRoom)
    this.#receiver.cancel()
    if (this.#state & discarding) this.#cancel(sendInFlight, sendCancelled, sending)
    else this.#flushSend()
    const busy = this.#receiver.inFlight || this.#state & (connectInFlight | sendInFlight | roomInFlight)
    if (!busy && !(this.#state & finished)) this.#finish()
  }

  #finish(): void {
    this.#state |= finished
    this.#timer?.cancel()
    // The kernel would have reset a connection whose bytes were not all read; what it gave us counts as read to it.
    if (this.#receiver.hasUnread) resetOnClose(this.fd)
    close(this.fd)
    this.#receiver.release()
    this.#outgoing?.release()
    this.#loop.forget(this)
  }
}
