import type { Socket as NetSocket } from 'node:net'
import { Block } from '../arena.js'
import type { Socket, SocketHandler } from '../loop.js'
import { SystemError } from '../system-error.js'
import type { NodeLoop } from './node-loop.js'

/** Written bytes that may wait in Node before `write` refuses more. */
const pendingLimit = 256 * 1024

/** A TCP connection of `node:net`. */
export class NodeSocket implements Socket {
  closed = false
  pendingBytes = 0
  readonly #loop: NodeLoop
  readonly #net: NetSocket
  #handler!: SocketHandler
  #failure: SystemError | undefined
  #demand = Number.POSITIVE_INFINITY
  #writeRefused = false
  #writeEnded = false
  #remoteAddress: string

  constructor(loop: NodeLoop, net: NetSocket, remoteAddress: string) {
    this.#loop = loop
    this.#net = net
    this.#remoteAddress = remoteAddress
  }

  /** Names the owner, and starts to deliver to it. */
  attach(handler: SocketHandler): void {
    this.#handler = handler
    const net = this.#net
    net.on('data', chunk => this.#loop.call(() => this.#deliver(chunk as Buffer)))
    net.on('end', () => this.#loop.call(() => this.#deliverEnd()))
    net.on('error', error => {
      this.#failure ??= toSystemError(error, this.#remoteAddress)
    })
    net.on('close', () => {
      this.#loop.call(() => this.#deliverClose())
    })
    // Accepted sockets come paused.
    if (this.#demand > 0) net.resume()
    else net.pause()
  }

  /** The connection that was asked for is established. */
  connected(): void {
    if (!this.closed) this.#handler.onConnect?.(this)
    if (this.#writeRefused && !this.closed) this.#offerRoom()
  }

  get remoteAddress(): string {
    if (this.#remoteAddress === '') this.#remoteAddress = peerOf(this.#net)
    return this.#remoteAddress
  }

  get localPort(): number {
    return this.#net.localPort ?? 0
  }

  demand(bytes: number): void {
    const paused = this.#demand === 0
    this.#demand = bytes
    if (this.closed || paused === (bytes === 0)) return
    if (bytes === 0) this.#net.pause()
    else this.#net.resume()
  }

  #deliver(chunk: Buffer): void {
    if (!this.closed) this.#handler.onRead(this, new Block(chunk, 0), 0, chunk.length)
  }

  #deliverEnd(): void {
    if (!this.closed) this.#handler.onEnd(this)
  }

  #deliverClose(): void {
    this.closed = true
    this.#loop.forget(this)
    this.#handler.onClose(this, this.#failure)
  }

  write(block: Block, start: number, length: number): number {
    if (this.closed || this.#writeEnded) return 0
    if (this.#net.connecting || this.pendingBytes >= pendingLimit) {
      this.#writeRefused = true
      return 0
    }
    const { buffer, byteOffset } = block.memory
    block.keep()
    this.pendingBytes += length
    this.#net.write(Buffer.from(buffer as ArrayBuffer, byteOffset + start, length), () => {
      block.release()
      this.pendingBytes -= length
      if (this.#writeRefused && this.pendingBytes === 0 && !this.closed) this.#loop.call(() => this.#offerRoom())
    })
    return length
  }

  #offerRoom(): void {
    this.#writeRefused = false
    this.#handler.onWritable(this)
  }

  shutdown(): void {
    if (this.closed || this.#writeEnded) return
    this.#writeEnded = true
    this.#net.end()
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.#net.destroySoon()
  }

  abort(): void {
    if (this.closed) return
    this.closed = true
    if (this.#net.connecting) this.#net.destroy()
    else this.#net.resetAndDestroy()
  }

  /** Closes at once, whatever is pending, and resolves when the owner has been told. */
  end(): Promise<void> {
    return new Promise(resolve => {
      this.closed = true
      this.#net.once('close', () => resolve())
      this.#net.destroy()
      if (this.#net.closed) resolve()
    })
  }

  /** Ends the connection because of an error, which `onClose` will hear. */
  fail(error: SystemError): void {
    if (this.closed) return
    this.closed = true
    this.#failure ??= error
    this.#net.destroy()
  }
}

/** The peer of a socket as `host:port`, or an empty string when it is not connected. */
function peerOf(net: NetSocket): string {
  const { remoteAddress, remotePort } = net
  if (remoteAddress === undefined) return ''
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`
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
