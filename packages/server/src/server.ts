import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { chooseEngine, type EngineChoice, type EngineName, LoopThread } from 'reactor'
import { ListenError } from './listen-error.js'
import { CounterTable } from './protocols/counters.js'
import { countersOf } from './protocols/open-protocol.js'
import type { Limits } from './protocols/protocol.js'
import type { ProtocolSettings } from './protocols/settings.js'
import type {
  ServerCommand,
  ServerEvent,
  ServerReport,
  ServerStats,
  ServerThreadData,
  StopReport,
} from './server-messages.js'
import { StartError } from './start-error.js'

export interface ServerOptions {
  /** An address of this machine, or a name that resolves to one (IPv4 first). Default 127.0.0.1. */
  host?: string
  /** 0 lets the kernel choose. */
  ports: readonly number[]
  /** Default `auto`: the first that works here. */
  engine?: EngineName | 'auto'
  /** Bytes that may be held for a connection before it is no longer read. Default 1 MiB. */
  pipeThreshold?: number
  /** Connections that may wait in the kernel for each port (listen(2)). Default 4096. */
  backlog?: number
  /** What the connections say. Default: echo. */
  protocol?: ProtocolSettings
  /** The longest message of a protocol that has messages, in bytes. Default 1 MiB. */
  maxMessage?: number
  /** Milliseconds after which a connection is closed whose client has not completed a message. Default 30,000. */
  messageTimeout?: number | undefined
  /** Milliseconds after which a connection on which nothing happens is closed. Default: never. */
  idleTimeout?: number | undefined
  /** Milliseconds of work that each message is to cost. Default 0. */
  delay?: number
  /** Further connections wait in the backlog until one has ended. Default: as many as there are descriptors. */
  maxConnections?: number | undefined
  /** Told of shortages and of what the protocol logs; and of each connection if `reportConnections` is set. */
  onReport?: (report: ServerReport) => void
  reportConnections?: boolean
}

/** Bytes that are held for a connection, unless asked otherwise. */
const defaultPipeThreshold = 1024 * 1024

/** The longest message, in bytes, unless asked otherwise. */
const defaultMaxMessage = 1024 * 1024

/** How long a message may take to come, in milliseconds, unless asked otherwise. */
const defaultMessageTimeout = 30_000

/** Connections that may wait in the kernel, unless asked otherwise; net.core.somaxconn of recent kernels is the same. */
const defaultBacklog = 4096

/** A server that listens on all its ports, on a loop in a thread of its own. */
export interface RunningServer {
  readonly engine: EngineName
  /** Why it is not the first engine that there is; undefined when it is, or when it was asked for. */
  readonly engineReason: string | undefined
  /** The IP address that is listened on. */
  readonly host: string
  /** In the order in which they were asked for; what the kernel chose in the place of 0. */
  readonly ports: readonly number[]
  /** Resolves when the server has ended; rejects with what went wrong in it, which is a fault of ours. */
  readonly ended: Promise<void>
  /** Resolves with the address of the first client that asks for the server to stop, if one does that may. */
  readonly stopAsked: Promise<string>
  stats(): Promise<ServerStats>
  /** Stops accepting, and ends when all connections have drained, or after `grace` milliseconds. */
  stop(grace: number): Promise<StopReport>
  /** Closes everything at once. */
  abort(): Promise<void>
}

/**
 * Starts a server and waits until it listens on all its ports. Rejects with a StartError when the engine cannot run
 * here, and with a ListenError, which is one, when a port cannot be listened on; everything is closed again then.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { engine, reason } = await engineFor(options.engine ?? 'auto')
  const host = await resolveHost(options.host ?? '127.0.0.1')
  const protocol = options.protocol ?? { name: 'echo' }
  const server = new ThreadedServer(engine, reason, host, options.onReport ?? (() => {}))
  await server.start({
    host,
    ports: options.ports,
    dualStack: host === '::',
    backlog: options.backlog ?? defaultBacklog,
    pipeThreshold: options.pipeThreshold ?? defaultPipeThreshold,
    protocol,
    worker: 1,
    workers: 1,
    counters: new SharedArrayBuffer(CounterTable.bytes(countersOf(protocol.name), 1)),
    limits: limitsOf(options),
    delay: options.delay ?? 0,
    maxConnections: options.maxConnections ?? Number.POSITIVE_INFINITY,
    reportConnections: options.reportConnections ?? false,
  })
  return server
}

function limitsOf({ maxMessage, messageTimeout, idleTimeout }: ServerOptions): Limits {
  return {
    maxMessage: maxMessage ?? defaultMaxMessage,
    messageTimeout: messageTimeout ?? defaultMessageTimeout,
    idleTimeout: idleTimeout ?? Number.POSITIVE_INFINITY,
  }
}

async function engineFor(wanted: EngineName | 'auto'): Promise<EngineChoice> {
  try {
    return await chooseEngine(wanted)
  } catch (error) {
    throw new StartError((error as Error).message, { cause: error })
  }
}

async function resolveHost(host: string): Promise<string> {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (bare.includes('%')) throw new StartError(`host '${host}' is an address of one interface; use one without a zone`)
  if (isIP(bare) !== 0) return bare
  const found = await lookup(host, { verbatim: false }).catch(() => undefined)
  // An empty name resolves to null.
  if (found?.address) return found.address
  throw new StartError(`host '${host}' has no address; use an IP address, or a name that resolves`)
}

/** Who waits for an answer of the loop thread. */
interface Asker {
  resolve(answer: ServerStats | StopReport): void
  reject(error: Error): void
}

class ThreadedServer implements RunningServer {
  readonly engine: EngineName
  readonly engineReason: string | undefined
  readonly host: string
  readonly ended: Promise<void>
  readonly stopAsked: Promise<string>
  readonly #onReport: (report: ServerReport) => void
  readonly #askers = new Map<number, Asker>()
  #ports: readonly number[] = []
  #requests = 0
  #thread!: LoopThread<ServerCommand>
  #failure: Extract<ServerEvent, { kind: 'listen-failed' | 'protocol-failed' }> | undefined
  #stopping: Promise<StopReport> | undefined
  #over = false
  #onStopAsked!: (remoteAddress: string) => void
  #onEnd!: (error: Error | undefined) => void

  constructor(
    engine: EngineName,
    engineReason: string | undefined,
    host: string,
    onReport: (report: ServerReport) => void
  ) {
    this.engine = engine
    this.engineReason = engineReason
    this.host = host
    this.#onReport = onReport
    this.stopAsked = new Promise(resolve => {
      this.#onStopAsked = resolve
    })
    this.ended = new Promise((resolve, reject) => {
      this.#onEnd = error => (error === undefined ? resolve() : reject(error))
    })
    // Whoever waits for an answer hears of a failure as well: nobody has to wait for the end.
    this.ended.catch(() => {})
  }

  get ports(): readonly number[] {
    return this.#ports
  }

  async start(data: ServerThreadData): Promise<void> {
    this.#thread = await LoopThread.start<ServerThreadData, ServerCommand, ServerEvent>({
      module: new URL('./server-thread.js', import.meta.url),
      engine: this.engine,
      data,
      onEvent: event => this.#receive(event),
      onEnd: error => this.#end(error),
    })
    if (this.#failure === undefined) return
    await this.abort()
    if (this.#failure.kind === 'protocol-failed') throw new StartError(this.#failure.message)
    throw await ListenError.describe(this.host, this.#failure.port, this.#failure.code)
  }

  async stats(): Promise<ServerStats> {
    return (await this.#ask(request => ({ kind: 'stats', request }))) as ServerStats
  }

  stop(grace: number): Promise<StopReport> {
    this.#stopping ??= this.#stop(grace)
    return this.#stopping
  }

  async #stop(grace: number): Promise<StopReport> {
    const report = await this.#ask(request => ({ kind: 'stop', request, grace }))
    await this.abort()
    return report as StopReport
  }

  async abort(): Promise<void> {
    await this.#thread.stop()
  }

  #ask(command: (request: number) => ServerCommand): Promise<ServerStats | StopReport> {
    if (this.#over) return Promise.reject(new Error('the server has ended'))
    const request = ++this.#requests
    return new Promise((resolve, reject) => {
      this.#askers.set(request, { resolve, reject })
      this.#thread.post(command(request))
    })
  }

  #receive(event: ServerEvent): void {
    switch (event.kind) {
      case 'listening':
        this.#ports = event.ports
        break
      case 'listen-failed':
      case 'protocol-failed':
        this.#failure = event
        break
      case 'stop-asked':
        this.#onStopAsked(event.remoteAddress)
        break
      case 'report':
        this.#onReport(event.report)
        break
      default:
        this.#askers.get(event.request)?.resolve(event.answer)
        this.#askers.delete(event.request)
    }
  }

  #end(error: Error | undefined): void {
    this.#over = true
    for (const asker of this.#askers.values()) asker.reject(error ?? new Error('the server has ended'))
    this.#askers.clear()
    this.#onEnd(error)
  }
}
