import { connect, type Socket as NetSocket } from 'node:net'
import type { MessagePort } from 'node:worker_threads'
import { Arena, type RegionAllocator } from '../arena.js'
import type { LoopOptions } from '../create-loop.js'
import { joinAddress } from '../join-address.js'
import type {
  ConnectOptions,
  Listener,
  ListenOptions,
  Loop,
  Socket,
  SocketHandler,
  SocketOptions,
  Timer,
} from '../loop.js'
import { SystemError } from '../system-error.js'
import { NodeListener } from './node-listener.js'
import { NodeSocket, peerOf } from './node-socket.js'
import { NodeTimers } from './node-timers.js'

const keepBlockSize = 64 * 1024

/** Milliseconds; more is not possible. */
const longestInterval = 2 ** 31 - 1

/** What `node:net` cannot do by itself, on machines where the kernel can be called directly. */
interface DirectCalls {
  openListening(options: ListenOptions): number
  applySocketOptions(fd: number, options: SocketOptions): void
  resetOnClose(fd: number): void
  takeSocketError(fd: number): number
}

async function loadDirectCalls(): Promise<DirectCalls | undefined> {
  try {
    const [{ openListening }, { applySocketOptions, resetOnClose, takeSocketError }] = await Promise.all([
      import('../linux/open-socket.js'),
      import('../linux/socket-options.js'),
    ])
    return { openListening, applySocketOptions, resetOnClose, takeSocketError }
  } catch {
    return undefined
  }
}

// node:net shows its descriptor nowhere else.
function descriptorOf(net: NetSocket): number | undefined {
  return (net as unknown as { _handle: { fd: number } | null })._handle?.fd
}

const ordinaryMemory: RegionAllocator = bytes => ({ memory: Buffer.allocUnsafeSlow(bytes), address: 0 })

/** The loop of `node:net`: works wherever Node does, and is the baseline that the others are measured against. */
export class NodeLoop implements Loop {
  readonly engine = 'node'
  readonly arena: Arena
  readonly #direct: DirectCalls | undefined
  readonly #sockets = new Set<NodeSocket>()
  readonly #listeners = new Set<NodeListener>()
  readonly #timers = new NodeTimers(callback => this.call(callback))
  readonly #ports = new Set<MessagePort>()
  readonly #firstTurn = loopCount()
  #failure: { error: unknown } | undefined
  #stopping = false
  #ended = false
  #finish: (() => void) | undefined

  private constructor(options: LoopOptions, direct: DirectCalls | undefined) {
    this.arena = new Arena(options.allocateRegion ?? ordinaryMemory, keepBlockSize)
    this.#direct = direct
  }

  static async create(options: LoopOptions): Promise<NodeLoop> {
    return new NodeLoop(options, await loadDirectCalls())
  }

  get now(): number {
    return performance.now()
  }

  get turns(): number {
    return loopCount() - this.#firstTurn
  }

  /** Runs a callback of an owner; what it throws ends the loop. */
  call(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      this.#failure ??= { error }
      this.stop()
    }
  }

  async listen(options: ListenOptions, onConnection: (socket: Socket) => SocketHandler): Promise<Listener> {
    const listener = new NodeListener(options, this, {
      onAccept: net => this.#adopt(net, listener.port, onConnection),
      onClose: () => this.#listeners.delete(listener),
    })
    if (this.#ended) throw new SystemError('listen', 'ECANCELED', joinAddress(options.host, options.port))
    const fd = this.#bindDirectly(options)
    this.#listeners.add(listener)
    return listener.open(fd)
  }

  #bindDirectly(options: ListenOptions): number | undefined {
    const { reusePort, reuseAddress, receiveBuffer, sendBuffer } = options
    const plain = !reusePort && reuseAddress !== false && receiveBuffer === undefined && sendBuffer === undefined
    return plain ? undefined : this.#directCalls('listen').openListening(options)
  }

  #directCalls(syscall: string): DirectCalls {
    if (this.#direct === undefined)
      throw new SystemError(syscall, 'ENOTSUP', 'with these socket options on engine node')
    return this.#direct
  }

  #adopt(net: NetSocket, localPort: number, onConnection: (socket: Socket) => SocketHandler): void {
    const socket = new NodeSocket(this, net, peerOf(net), localPort)
    this.#sockets.add(socket)
    socket.attach(onConnection(socket))
  }

  connect(options: ConnectOptions, handler: SocketHandler): Socket {
    const { host, port, localAddress, timeout } = options
    const subject = joinAddress(host, port)
    if (this.#ended) throw new SystemError('connect', 'ECANCELED', subject)
    const bound = localAddress === undefined ? {} : { localAddress }
    const net = connect({ host, port, ...bound, allowHalfOpen: true, noDelay: options.noDelay ?? true })
    const socket = new NodeSocket(this, net, subject, 0)
    this.#sockets.add(socket)
    socket.attach(handler)
    const timer =
      timeout === undefined
        ? undefined
        : this.timer(timeout, () => {
            if (net.connecting) socket.fail(new SystemError('connect', 'ETIMEDOUT', subject))
          })
    net.once('close', () => timer?.cancel())
    net.once('connect', () => {
      timer?.cancel()
      this.call(() => {
        this.#applyBufferSizes(net, options)
        socket.connected()
      })
    })
    return socket
  }

  // Later than on the other engines, which set them before the handshake: node:net shows its descriptor no sooner.
  #applyBufferSizes(net: NetSocket, options: ConnectOptions): void {
    if (options.receiveBuffer === undefined && options.sendBuffer === undefined) return
    const fd = descriptorOf(net)
    if (fd !== undefined) this.#directCalls('connect').applySocketOptions(fd, options)
  }

  /** Makes the next close of a connection send RST, where the kernel can be called directly. */
  resetOnClose(net: NetSocket): void {
    const fd = descriptorOf(net)
    if (fd !== undefined) this.#direct?.resetOnClose(fd)
  }

  /** The error of a connection that Node has not noticed (an errno), or 0; where the kernel can be called directly. */
  takeError(net: NetSocket): number {
    const fd = descriptorOf(net)
    return fd === undefined || this.#direct === undefined ? 0 : this.#direct.takeSocketError(fd)
  }

  forget(socket: NodeSocket): void {
    this.#sockets.delete(socket)
  }

  timer(delay: number, callback: () => void): Timer {
    return this.#timers.add(delay, callback)
  }

  receive(port: MessagePort, onMessage: (message: unknown) => void): void {
    this.#ports.add(port)
    port.on('message', message => this.call(() => onMessage(message)))
  }

  async run(): Promise<void> {
    if (this.#ended) throw new Error('a loop runs only once')
    const idle = setInterval(() => {}, longestInterval)
    await new Promise<void>(resolve => {
      this.#finish = resolve
      if (this.#stopping) resolve()
    })
    clearInterval(idle)
    await this.#dispose()
    if (this.#failure !== undefined) throw this.#failure.error
  }

  stop(): void {
    this.#stopping = true
    this.#finish?.()
  }

  async #dispose(): Promise<void> {
    this.#ended = true
    this.#timers.end()
    for (const port of this.#ports) port.removeAllListeners('message')
    for (const listener of this.#listeners) listener.close()
    const closing = [...this.#sockets].map(socket => socket.end())
    await Promise.all(closing)
  }
}

function loopCount(): number {
  return performance.nodeTiming.uvMetricsInfo.loopCount
}
