import { createServer, type Socket as NetSocket, type Server } from 'node:net'
import type { Listener, ListenOptions } from '../loop.js'
import { toSystemError } from './node-socket.js'

const defaultBacklog = 4096

/**
 * A listening socket of `node:net`, which cannot be told to stop accepting: while paused, accepted connections are
 * held unread. Out of descriptors, libuv accepts and closes what comes (`uv__emfile_trick`), and tells nobody.
 */
export class NodeListener implements Listener {
  readonly host: string
  port = 0
  readonly #server: Server
  readonly #onAccept: (net: NetSocket) => void
  readonly #onClose: (listener: NodeListener) => void
  readonly #held = new Set<NetSocket>()
  #paused = false

  constructor(options: ListenOptions, onAccept: (net: NetSocket) => void, onClose: (listener: NodeListener) => void) {
    this.host = options.host
    this.#onAccept = onAccept
    this.#onClose = onClose
    this.#server = createServer({ allowHalfOpen: true, noDelay: options.noDelay ?? true, pauseOnConnect: true }, net =>
      this.#accept(net)
    )
  }

  /** Starts to listen, on `fd` where the caller has bound one. Rejects with a SystemError. */
  async open(options: ListenOptions, fd: number | undefined): Promise<this> {
    const { host, port } = options
    const backlog = options.backlog ?? defaultBacklog
    const where = fd === undefined ? { host, port, backlog, ipv6Only: options.ipv6Only ?? true } : { fd, backlog }
    await new Promise<void>((resolve, reject) => {
      const subject = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
      this.#server.once('error', error => reject(toSystemError(error, subject)))
      this.#server.listen(where, resolve)
    })
    const bound = this.#server.address()
    this.port = typeof bound === 'object' && bound !== null ? bound.port : port
    return this
  }

  #accept(net: NetSocket): void {
    if (!this.#paused) {
      this.#onAccept(net)
      return
    }
    this.#held.add(net)
    net.once('close', () => this.#held.delete(net))
    net.on('error', () => {})
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    for (const net of this.#held) {
      if (this.#paused) return
      this.#held.delete(net)
      net.removeAllListeners('error')
      this.#onAccept(net)
    }
  }

  close(): void {
    this.#server.close()
    for (const net of this.#held) net.destroy()
    this.#onClose(this)
  }
}
