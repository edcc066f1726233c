import type { MessagePort } from 'node:worker_threads'
import type { Arena, Block } from './arena.js'
import type { SystemError } from './system-error.js'

/** The engines that exist. */
export type EngineName = 'epoll' | 'uring' | 'node'

/**
 * Bytes that have arrived and stay in the kernel (splice(2)): for who passes them on without looking at them. Whoever is
 * given some sends them all or discards them; they tie down a few descriptors, of which each loop has only so many.
 */
export interface UnseenBytes {
  /** How many are left; 0 when they have all been sent or discarded, and the object is no longer anybody's. */
  readonly length: number
  /**
   * Offers what is left to a socket of the same loop, as `Socket.write` does, and returns how many bytes it took. What
   * it refused stays here. Throws a TypeError for a socket that cannot take such bytes.
   */
  sendTo(socket: Socket): number
  discard(): void
}

/**
 * What the owner of a connection wants to be told. All callbacks run on the loop's thread, one at a time,
 * and must not block. A callback may close any socket, its own included.
 */
export interface SocketHandler {
  /** An outgoing connection is established. Never called for accepted connections: they already are. */
  onConnect?(socket: Socket): void
  /**
   * `length` bytes arrived at `block.memory[start]`. They are the handler's until it returns;
   * `block.keep()` extends the lease until `block.release()`. Never called with zero bytes.
   */
  onRead(socket: Socket, block: Block, start: number, length: number): void
  /** Whether `onUnseen` may now be called instead of `onRead`. */
  readonly takesUnseen?: boolean
  /**
   * Much has arrived at once (not on engine `node`): what is not sent or discarded when it returns is the handler's to
   * keep. Must be there where `takesUnseen` is ever true.
   */
  onUnseen?(socket: Socket, bytes: UnseenBytes): void
  /**
   * After a `write` that took less than it was given: there is room again. Also whenever `pendingBytes` has fallen, by
   * how little ever: there is more room. Never after `shutdown`.
   */
  onWritable(socket: Socket): void
  /**
   * The peer sent FIN, and everything before it has been delivered. The other direction is still open, and when both
   * have ended the connection still is the owner's until `close`.
   */
  onEnd(socket: Socket): void
  /**
   * Called exactly once, last, never from inside another call on the same socket.
   * `error` is what ended the connection, or undefined when the owner closed or aborted it.
   */
  onClose(socket: Socket, error: SystemError | undefined): void
}

/** One TCP connection on a loop. Belongs to the loop's thread. */
export interface Socket {
  /** True from the moment of `close`, `abort` or a fatal error; every further call is then ignored. */
  readonly closed: boolean
  /** Bytes that `write` accepted and the kernel has not taken yet (always 0 on `epoll`). */
  readonly pendingBytes: number
  /** Address of the other end as `host:port` (`[host]:port` for IPv6), or an empty string when unknown. */
  readonly remoteAddress: string
  /** The local port number, or 0 when it is not known. */
  readonly localPort: number
  /**
   * Asks for at most `bytes` in one `onRead` from now on; 0 pauses reading, Infinity (the state at birth) takes
   * what comes. An engine may deliver one buffer more than asked (the kernel may already have filled it), never
   * anything while 0 stands, except bytes that were already on their way up when the call was made on `node`.
   */
  demand(bytes: number): void
  /**
   * Offers bytes to the kernel, and returns how many were accepted, 0 to `length`. The engine keeps the lease of
   * what it accepted for as long as it needs it, and until then those bytes must not change: a block with
   * `leases > 1` may only be appended to. What it refused stays with the caller, who is told by `onWritable` when
   * trying again makes sense. After `shutdown` or on a closed socket it accepts nothing.
   */
  write(block: Block, start: number, length: number): number
  /** Sends FIN after everything accepted so far. Reading goes on. */
  shutdown(): void
  /**
   * Closes both directions. Bytes accepted before are still delivered, as `close(2)` does;
   * bytes that the peer sent and nobody read make the kernel send RST instead of FIN.
   */
  close(): void
  /** Closes with RST (`SO_LINGER` of zero, socket(7)); bytes still on their way out are discarded. */
  abort(): void
}

export interface Listener {
  /** The port that is listened on: what the kernel chose when 0 was asked for. */
  readonly port: number
  readonly host: string
  /** Takes no further connections until `resume`; they wait in the backlog. */
  pause(): void
  resume(): void
  close(): void
}

export interface SocketOptions {
  /** `TCP_NODELAY` (tcp(7)). Default true: no delay. */
  noDelay?: boolean
  /** `SO_RCVBUF` in bytes (socket(7); the kernel doubles it). Default: the kernel tunes it. */
  receiveBuffer?: number
  /** `SO_SNDBUF` in bytes (socket(7); the kernel doubles it). Default: the kernel tunes it. */
  sendBuffer?: number
}

export interface ListenOptions extends SocketOptions {
  /** An IP address, not a name. */
  host: string
  /** 0 lets the kernel choose. */
  port: number
  /**
   * A listening socket that the process has inherited and others may have as well, instead of one of the loop's own;
   * its other options are as they are. Engine `epoll` only.
   */
  descriptor?: number
  /** Connections that may wait to be accepted (listen(2); capped by net.core.somaxconn). Default 4096. */
  backlog?: number
  /** `SO_REUSEADDR`. Default true. */
  reuseAddress?: boolean
  /** `SO_REUSEPORT`. Default false. */
  reusePort?: boolean
  /** For an IPv6 host: refuse IPv4 (`IPV6_V6ONLY`, ipv6(7)). Default true. */
  ipv6Only?: boolean
  /**
   * Accepting failed for want of descriptors or memory (`EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`). Called once for
   * each shortage; the listener tries again by itself when a descriptor frees.
   */
  onShortage?(error: SystemError): void
}

export interface ConnectOptions extends SocketOptions {
  /** An IP address, not a name. */
  host: string
  port: number
  /** Local IP address to connect from. */
  localAddress?: string
  /** Gives up after so many milliseconds with `ETIMEDOUT`. Default: the kernel's patience. */
  timeout?: number
}

export interface Timer {
  cancel(): void
}

/**
 * An event loop: owns every syscall of its thread. Inside `run` nothing else runs on the thread with `epoll` and
 * `uring`: no promises, no Node timers, no streams. Communicate by `receive` and `LoopThread`.
 */
export interface Loop {
  readonly engine: EngineName
  /** Pool of blocks for bytes that have to be kept. */
  readonly arena: Arena
  /** Milliseconds on a monotonic clock (same origin as `performance.now()`), read once at the start of each turn. */
  readonly now: number
  /** Turns since the start. */
  readonly turns: number
  /**
   * Binds and listens. `onConnection` names the handler of each accepted socket.
   * Throws a SystemError (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL` …).
   * On `node`, the port is bound when the promise resolves; on the others at once.
   */
  listen(options: ListenOptions, onConnection: (socket: Socket) => SocketHandler): Promise<Listener>
  /**
   * Starts a connection. Failure to connect arrives as `onClose` with a SystemError of syscall `connect`.
   * May throw a SystemError when no socket can be had at all: `EMFILE`, or `ECANCELED` when the loop is ending.
   */
  connect(options: ConnectOptions, handler: SocketHandler): Socket
  /** Calls back once after at least `delay` milliseconds, fractions included. */
  timer(delay: number, callback: () => void): Timer
  /** Messages posted to `port` arrive here. LoopThread sends them. */
  receive(port: MessagePort, onMessage: (message: unknown) => void): void
  /** Turns until `stop`. Resolves, or rejects with what a callback threw. Everything still open is then closed. */
  run(): Promise<void>
  /** Ends `run` at the end of this turn. */
  stop(): void
}
