import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { chooseEngine, type EngineName } from 'reactor'
import { withTexts } from './limits-for-people.js'
import { startEpoll } from './models/epoll.js'
import type { ModelName, ModelSettings, WorkerReport } from './models/model.js'
import { startPrefork } from './models/prefork.js'
import { startRing } from './models/ring.js'
import type { Service } from './models/service.js'
import { startSingle } from './models/single.js'
import { startThreaded } from './models/threaded.js'
import type { Limits } from './protocols/protocol.js'
import { hasMessages, type ProtocolSettings } from './protocols/settings.js'
import type { ServerReport, ServerStats, StopReport } from './server-messages.js'
import { StartError } from './start-error.js'

export interface ServerOptions {
  /** An address of this machine, or a name that resolves to one (IPv4 first). Default 127.0.0.1. */
  host?: string
  /** 0 lets the kernel choose. */
  ports: readonly number[]
  /** How connections get the CPU. Default: one loop of model `epoll`. */
  model?: ModelSettings
  /** Of model `epoll`, the others have none. Default `auto`: the first that works here. */
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

/** A server that listens on all its ports, in threads or processes of its own. */
export interface RunningServer {
  readonly model: ModelName
  /** Undefined where the model has none. */
  readonly engine: EngineName | undefined
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
  /** Each worker's part of it, by number. */
  workers(): Promise<readonly WorkerReport[]>
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
  const host = await resolveHost(options.host ?? '127.0.0.1')
  const protocol = options.protocol ?? { name: 'echo' }
  const service: Service = {
    host,
    ports: options.ports,
    dualStack: host === '::',
    backlog: options.backlog ?? defaultBacklog,
    pipeThreshold: options.pipeThreshold ?? defaultPipeThreshold,
    protocol,
    limits: limitsOf(protocol, options),
    delay: options.delay ?? 0,
    maxConnections: options.maxConnections ?? Number.POSITIVE_INFINITY,
    reportConnections: options.reportConnections ?? false,
  }
  const onReport = options.onReport ?? (() => {})
  const model = options.model ?? { name: 'epoll', loops: 1 }
  if (model.name === 'epoll') return await startEpoll(model, service, onReport, options.engine)
  await requireLinux(model.name)
  switch (model.name) {
    case 'single':
      return await startSingle(model, service, onReport)
    case 'prefork':
      return await startPrefork(model, service, onReport)
    case 'threaded':
      return await startThreaded(model, service, onReport)
    case 'ring':
      return await startRing(model, service, onReport)
  }
}

/** Only the `epoll` model has an engine that works everywhere. */
async function requireLinux(model: ModelName): Promise<void> {
  await chooseEngine('epoll').catch(error => {
    const reason = (error as Error).message.replace(/^engine epoll/, `model ${model}`)
    throw new StartError(`${reason}; use --model epoll`, { cause: error })
  })
}

function limitsOf(protocol: ProtocolSettings, { maxMessage, messageTimeout, idleTimeout }: ServerOptions): Limits {
  return withTexts({
    maxMessage: maxMessage ?? defaultMaxMessage,
    // Without messages nobody is late with one, and no connection needs a deadline.
    messageTimeout: hasMessages(protocol) ? (messageTimeout ?? defaultMessageTimeout) : Number.POSITIVE_INFINITY,
    idleTimeout: idleTimeout ?? Number.POSITIVE_INFINITY,
  })
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
