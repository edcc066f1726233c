import { createServer, type Socket as NetSocket, type Server } from 'node:net'
import { joinAddress } from '../join-address.js'
import type { Listener, ListenOptions } from '../loop.js'
import type { NodeLoop } from './node-loop.js'
import { toSystemError } from './node-socket.js'

const defaultBacklog = 4096

const shortages = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'])

/** What a NodeListener tells the loop that it belongs to. */
export interface NodeListenerEvents {
  onAccept(net: NetSocket): void
  onClose(): void
}

/**
 * A listening socket of `node:net`, which cannot be told to stop accepting: while paused, accepted connections are
 * held unread. Out of descriptors, libuv accepts and closes what comes (`uv__emfile_trick`), and tells nobody.
 */
export class NodeListener implements Listener {
  readonly host: string
  port = 0
  readonly #loop: NodeLoop
  readonly #server: Server
  readonly #options: ListenOptions
  readonly #events: NodeListenerEvents
  readonly #held = new Set<NetSocket>()
  #paused = false

  constructor(options: ListenOptions, loop: NodeLoop, events: NodeListenerEvents) {
    this.host = options.host
    this.#loop = loop
    this.#options = options
    this.#events = events
    this.#server = createServer({ allowHalfOpen: true, noDelay: options.noDelay ?? true, pauseOnConnect: true }, net =>
      this.#accept(net)
    )
  }

  /** Starts to listen, on `fd` where the caller has bound one. Rejects with a SystemError, and is closed then. */
  async open(fd: number | undefined): Promise<this> {
    const { host, port, backlog = defaultBacklog, ipv6Only = true } = this.#options
    const where = fd === undefined ? { host, port, backlog, ipv6Only } : { fd, backlog }
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject)
        this.#server.listen(where, () => {
          this.#server.removeListener('error', reject)
          resolve()
        })
      })
    } catch (error) {
      this.close()
      throw toSystemError(error as Error, joinAddress(host, port))
    }
    this.#server.on('error', error => this.#loop.call(() => this.#acceptFailed(error)))
    const bound = this.#server.address()
    this.port = typeof bound === 'object' && bound !== null ? bound.port : port
    return this
  }

  #acceptFailed(error: NodeJS.ErrnoException): void {
    const failure = toSystemError(error, '')
    if (!shortages.has(failure.code)) throw failure
    this.#options.onShortage?.(failure)
  }

  #accept(net: NetSocket): void {
    if (!this.#paused) {
      this.#loop.call(() => this.#events.onAccept(net))
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
      this.#loop.call(() => this.#events.onAccept(net))
    }
  }

  close(): void {
    this.#server.close()
    for (const net of this.#held) net.destroy()
    this.#events.onClose()
  }
}
