import type { Block, Loop, Socket, Timer } from 'reactor'
import { BlockQueue } from './block-queue.js'
import type { ConnectionHandler, ConnectionObserver } from './connection-handler.js'
import type { Lateness, Output, Protocol, ProtocolSession } from './protocols/protocol.js'
import type { TurnEnd, TurnWork } from './turn-end.js'
import type { TurnSlice } from './turn-slice.js'

/** How long a client may go on sending after the server's FIN, in milliseconds: what comes is dropped. */
const lingerTime = 2000

/** What a connection needs of the loop that it runs on. */
export interface ProtocolHost {
  readonly loop: Loop
  readonly protocol: Protocol
  /** Bytes that may be held for a client before its session has to wait. */
  readonly threshold: number
  readonly slice: TurnSlice
  readonly turnEnd: TurnEnd
  /** What the work for a message takes (`Output.work`), in milliseconds. */
  readonly delay: number
  /** Whether work blocks the loop, and with it all connections. */
  readonly workBlocks: boolean
  /** A session has given its connection up. */
  onAbort(remoteAddress: string, reason: string): void
  /** A client has asked for the whole server to stop. */
  onStopServer(remoteAddress: string): void
}

/** One connection of any protocol on a reactor loop: holds what the session and the socket cannot take yet. */
export class ProtocolConnection implements ConnectionHandler, Output, TurnWork {
  bytesIn = 0
  observer: ConnectionObserver | undefined
  readonly #socket: Socket
  readonly #host: ProtocolHost
  readonly #session: ProtocolSession
  readonly #queue: BlockQueue
  /** Input that the session has not taken. */
  #left: Uint8Array | undefined
  #written = 0
  #demanded = Number.POSITIVE_INFINITY
  /** Something runs that the session is waiting for: its work, or the others' turn. */
  #timer: Timer | undefined
  #working = false
  /** The session was told, by `ready`, that it has to wait, or has not taken all. */
  #blocked = false
  /** What the session has put off to the end of the turn. */
  #putOff: (() => void) | undefined
  /** The client has sent FIN. */
  #inputEnded = false
  #sessionEnded = false
  /** The session has closed. */
  #closed = false
  #finSent = false

  constructor(socket: Socket, host: ProtocolHost) {
    this.#socket = socket
    this.#host = host
    this.#queue = new BlockQueue(host.loop.arena)
    this.#session = host.protocol.createSession(socket)
    if (this.#session.open === undefined) return
    this.#session.open(this)
    this.#settle()
  }

  get bytesOut(): number {
    return this.#written - this.#pendingOut
  }

  get heldBytes(): number {
    return this.#pendingOut + (this.#left?.length ?? 0) + this.#session.heldBytes
  }

  get busy(): boolean {
    return this.#working || this.#putOff !== undefined
  }

  get inMessage(): boolean {
    return !this.#closed && this.#session.inMessage
  }

  get messages(): number {
    return this.#session.messages
  }

  get #pendingOut(): number {
    return this.#queue.length + this.#socket.pendingBytes
  }

  get #hasRoom(): boolean {
    return !this.#working && !this.#closed && this.#pendingOut < this.#host.threshold
  }

  /** The session works on one message after the other: what it has put off comes before the next one's work. */
  get #answersFirst(): boolean {
    return this.#putOff !== undefined && this.#host.delay > 0
  }

  get ready(): boolean {
    const ready = this.#hasRoom && !this.#host.slice.isOver()
    if (!ready) this.#blocked = true
    return ready
  }

  write(bytes: Uint8Array): void {
    if (this.#closed) return
    this.#written += bytes.length
    this.#queue.push(bytes)
  }

  close(): void {
    this.#closed = true
  }

  abort(reason: string): void {
    this.#closed = true
    this.#host.onAbort(this.#socket.remoteAddress, reason)
    this.#socket.abort()
  }

  stopServer(): void {
    this.#host.onStopServer(this.#socket.remoteAddress)
  }

  work(then: () => void): void {
    const { delay, workBlocks } = this.#host
    if (delay === 0) {
      then()
      return
    }
    this.#working = true
    this.#after(workBlocks ? 0 : delay, () => {
      if (workBlocks) block(delay)
      this.#working = false
      then()
    })
  }

  atTurnEnd(then: () => void): void {
    this.#putOff = then
    this.#host.turnEnd.add(this)
  }

  onTurnEnd(): void {
    const then = this.#putOff
    this.#putOff = undefined
    this.#host.slice.begin()
    then?.()
    this.#progress()
  }

  onRead(_socket: Socket, block: Block, start: number, length: number): void {
    this.bytesIn += length
    if (this.#closed) return
    const bytes = block.memory.subarray(start, start + length)
    // On `node` what was on its way comes also when nothing was asked for.
    if (this.#blocked || !this.#hasRoom || this.#answersFirst) this.#keep(bytes)
    else this.#offer(bytes)
    this.#settle()
  }

  onWritable(): void {
    this.#settle()
  }

  onEnd(): void {
    this.#inputEnded = true
    this.#settle()
  }

  onClose(): void {
    this.#closed = true
    this.#timer?.cancel()
    this.#written -= this.#queue.length
    this.#queue.clear()
    this.#left = undefined
    this.#session.dispose?.()
  }

  /** Lets the session end a client that is late. One for which bytes are held does not read: it is reset. */
  timeOut(lateness: Lateness): void {
    if (this.#pendingOut > 0 || this.#closed) {
      this.#socket.abort()
      return
    }
    this.#session.timeOut(lateness, this)
    this.#settle()
  }

  #keep(bytes: Uint8Array): void {
    this.#blocked = true
    this.#left = joined(this.#left, bytes)
  }

  #offer(bytes: Uint8Array): void {
    this.#host.slice.begin()
    const taken = this.#session.receive(bytes, this)
    if (taken < bytes.length) this.#keep(bytes.subarray(taken))
  }

  /** Sends what can be sent, goes on with what can go on, and asks for as much as there is room for. */
  #settle(): void {
    this.#queue.writeTo(this.#socket)
    if (this.#closed) {
      this.#finish()
      return
    }
    if (this.#putOff === undefined) {
      if (this.#blocked && this.#hasRoom) this.#goOn()
      if (this.#inputEnded && !this.#sessionEnded && !this.#blocked) {
        this.#endSession()
        return
      }
    }
    this.#regulate()
  }

  // One threshold of output, or a slice of time, is a connection's share of a turn: the others come before it goes on.
  #goOn(): void {
    if (this.#timer !== undefined) return
    this.#after(0, () => {
      if (!this.#hasRoom) return
      this.#blocked = false
      this.#host.slice.begin()
      this.#session.resume?.(this)
      const left = this.#left
      if (left === undefined || !this.ready) return
      const taken = this.#session.receive(left, this)
      this.#left = taken < left.length ? left.subarray(taken) : undefined
      this.#blocked ||= this.#left !== undefined
    })
  }

  #endSession(): void {
    this.#sessionEnded = true
    this.#host.slice.begin()
    this.#session.end(this)
    this.#settle()
  }

  #after(delay: number, then: () => void): void {
    this.#blocked = true
    this.#timer = this.#host.loop.timer(delay, () => {
      this.#timer = undefined
      then()
      this.#progress()
    })
  }

  /** After something that was not one of the socket's events. */
  #progress(): void {
    if (this.#socket.closed) return
    this.#settle()
    this.observer?.onProgress()
  }

  #regulate(): void {
    const demand = this.#blocked ? 0 : Math.max(0, this.#host.threshold - this.#pendingOut)
    if (demand === this.#demanded) return
    this.#demanded = demand
    this.#socket.demand(demand)
  }

  /** The session has said its last: FIN after it, and the end when the client's FIN has come or is overdue. */
  #finish(): void {
    this.#left = undefined
    if (this.#queue.length > 0) return
    if (!this.#finSent) {
      this.#finSent = true
      this.#socket.shutdown()
      this.#socket.demand(Number.POSITIVE_INFINITY)
      this.#timer?.cancel()
      this.#timer = this.#host.loop.timer(lingerTime, () => this.#socket.close())
    }
    if (this.#inputEnded) this.#socket.close()
  }
}

function joined(first: Uint8Array | undefined, second: Uint8Array): Uint8Array {
  return first === undefined ? new Uint8Array(second) : Buffer.concat([first, second])
}

const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))

/** Blocks the thread for so many milliseconds. */
function block(duration: number): void {
  Atomics.wait(never, 0, 0, duration)
}
