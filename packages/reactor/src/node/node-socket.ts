import type { Socket as NetSocket } from 'node:net'
import { Block } from '../arena.js'
import { joinAddress } from '../join-address.js'
import type { Socket, SocketHandler } from '../loop.js'
import { SystemError } from '../system-error.js'
import type { NodeLoop } from './node-loop.js'

/** Written bytes that may wait in Node before `write` refuses more. */
const pendingLimit = 256 * 1024

/** A TCP connection of `node:net`. */
export class NodeSocket implements Socket {
  closed = false
  pendingBytes = 0
  readonly remoteAddress: string
  readonly #loop: NodeLoop
  readonly #net: NetSocket
  #handler!: SocketHandler
  #failure: SystemError | undefined
  #demand = Number.POSITIVE_INFINITY
  #localPort: number
  /** `write` refused something, and its owner waits for `onWritable`. */
  #owesRoom = false
  #writeEnded = false
  /** Node has closed the connection by itself, since both directions have ended; for the owner it is still there. */
  #gone = false
  #told = false

  /** `localPort`: 0 while it is not known. */
  constructor(loop: NodeLoop, net: NetSocket, remoteAddress: string, localPort: number) {
    this.#loop = loop
    this.#net = net
    this.remoteAddress = remoteAddress
    this.#localPort = localPort
  }

  /** Names the owner, and starts to deliver to it. */
  attach(handler: SocketHandler): void {
    this.#handler = handler
    const net = this.#net
    net.on('data', chunk => this.#loop.call(() => this.#deliver(chunk as Buffer)))
    net.on('end', () => this.#loop.call(() => this.#deliverEnd()))
    net.on('error', error => {
      if (!this.closed) this.#failure = toSystemError(error, this.remoteAddress)
      this.closed = true
    })
    net.on('close', () => {
      if (this.closed) this.#announceClosed()
      else this.#gone = true
    })
    // Accepted sockets come paused.
    if (this.#demand > 0) net.resume()
    else net.pause()
  }

  /** The connection that was asked for is established. */
  connected(): void {
    if (!this.closed) this.#handler.onConnect?.(this)
    if (this.#owesRoom && this.pendingBytes === 0 && !this.closed) this.#offerRoom()
  }

  get localPort(): number {
    if (this.#localPort === 0) this.#localPort = this.#net.localPort ?? 0
    return this.#localPort
  }

  demand(bytes: number): void {
    const paused = this.#demand === 0
    this.#demand = bytes
    if (this.closed || paused === (bytes === 0)) return
    if (bytes === 0) this.#net.pause()
    else this.#net.resume()
  }

  #deliver(chunk: Buffer): void {
    if (this.closed) return
    const block = new Block(chunk, 0).keep()
    this.#handler.onRead(this, block, 0, chunk.length)
    block.release()
  }

  #deliverEnd(): void {
    if (this.closed) return
    // Where a reset follows the last bytes, libuv says that the stream has ended (uv__stream_io, POLLHUP).
    const error = this.#loop.takeError(this.#net)
    if (error === 0) this.#handler.onEnd(this)
    else this.fail(SystemError.fromErrno('recv', error, this.remoteAddress))
  }

  #announceClosed(): void {
    if (this.#told) return
    this.#told = true
    this.#loop.forget(this)
    this.#loop.call(() => this.#handler.onClose(this, this.#failure))
  }

  write(block: Block, start: number, length: number): number {
    if (this.closed || this.#writeEnded) return 0
    const accepted = this.#net.connecting ? 0 : Math.min(length, pendingLimit - this.pendingBytes)
    if (accepted > 0) this.#pass(block, start, accepted)
    if (accepted < length) this.#owesRoom = true
    return accepted
  }

  #pass(block: Block, start: number, length: number): void {
    const { buffer, byteOffset } = block.memory
    let takenAtOnce = false
    block.keep()
    this.#net.write(Buffer.from(buffer as ArrayBuffer, byteOffset + start, length), error => {
      block.release()
      // What was lost with the connection stays pending.
      if (error || this.#net.destroyed) return
      if (!takenAtOnce) this.pendingBytes -= length
      if (!takenAtOnce || this.#owesRoom) this.#loop.call(() => this.#offerRoom())
    })
    takenAtOnce = this.#net.writableLength === 0
    if (takenAtOnce) return
    this.pendingBytes += length
  }

  #offerRoom(): void {
    this.#owesRoom = false
    if (!this.closed && !this.#writeEnded) this.#handler.onWritable(this)
  }

  shutdown(): void {
    if (this.closed || this.#writeEnded) return
    this.#writeEnded = true
    this.#net.end()
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    if (this.#gone) setImmediate(() => this.#announceClosed())
    else if (this.#net.connecting) this.#net.destroy()
    else this.#net.destroySoon()
  }

  abort(): void {
    if (this.closed) return
    if (this.#gone || this.#net.connecting) {
      this.close()
      return
    }
    this.closed = true
    if (!this.#writeEnded) {
      this.#net.resetAndDestroy()
      return
    }
    // libuv does not reset a connection that is shutting down (uv_tcp_close_reset), and Node then never closes it.
    this.#loop.resetOnClose(this.#net)
    this.#net.destroy()
  }

  /** Closes at once, whatever is pending, and resolves when the owner has been told. */
  end(): Promise<void> {
    return new Promise(resolve => {
      this.closed = true
      this.#net.once('close', () => resolve())
      this.#net.destroy()
      if (!this.#gone) return
      this.#announceClosed()
      resolve()
    })
  }

  /** Ends the connection because of an error, which `onClose` will hear. */
  fail(error: SystemError): void {
    if (this.closed) return
    this.closed = true
    this.#failure = error
    this.#net.destroy()
  }
}

/** The peer of a socket as `host:port`, or an empty string when it is not connected any more. */
export function peerOf(net: NetSocket): string {
  const { remoteAddress, remotePort } = net
  return remoteAddress === undefined || remotePort === undefined ? '' : joinAddress(remoteAddress, remotePort)
}

// The syscalls that libuv makes where the other engines call recv and send.
const syscallNames = new Map([
  ['read', 'recv'],
  ['write', 'send'],
  ['writev', 'send'],
])

/** An error of `node:net` in the words of the other engines. */
export function toSystemError(error: NodeJS.ErrnoException, subject: string): SystemError {
  if (error instanceof SystemError) return error
  const syscall = error.syscall ?? 'socket'
  return new SystemError(syscallNames.get(syscall) ?? syscall, error.code ?? 'UNKNOWN', subject, { cause: error })
}
