import {
  type Listener,
  type Loop,
  type LoopThreadServing,
  loadDescriptors,
  type SystemError,
  serveLoopThread,
} from 'reactor'
import { ConnectionLimit } from './connection-limit.js'
import { Connections, type ConnectionsOptions } from './connections.js'
import { GracefulStop } from './graceful-stop.js'
import { openHandlers } from './handlers.js'
import { LateClients } from './late-clients.js'
import { WorkerCounters } from './models/worker-counters.js'
import type { ServerCommand, ServerEvent, ServerReport, ServerThreadData } from './server-messages.js'
import { StartError } from './start-error.js'

/** A shortage is over when so many milliseconds have passed without a failure to accept. */
const shortageEnd = 5000

/** Who serves the connections, and where it is counted. */
type Served = Pick<ConnectionsOptions, 'handlers' | 'counters' | 'countsAtOnce'>

/** The server on its loop: listens, and obeys the main thread. */
class ServerOnLoop {
  readonly #loop: Loop
  readonly #data: ServerThreadData
  readonly #emit: (event: ServerEvent) => void
  readonly #listeners: Listener[] = []
  readonly #connections: Connections
  readonly #limit: ConnectionLimit | undefined
  readonly #lateClients: LateClients
  #stop: GracefulStop | undefined
  #lastShortage = Number.NEGATIVE_INFINITY

  constructor(loop: Loop, data: ServerThreadData, emit: (event: ServerEvent) => void, served: Served) {
    this.#loop = loop
    this.#data = data
    this.#emit = emit
    const report = (report: ServerReport) => emit({ kind: 'report', report })
    const { pipeThreshold, limits, maxConnections, worker, workers } = data
    this.#connections = new Connections(loop, {
      ...{ ...served, pipeThreshold, limits, worker, workers },
      onChange: () => this.#onChange(),
      onDeadline: deadline => this.#lateClients.watch(deadline),
      onReport: data.reportConnections ? report : undefined,
    })
    this.#lateClients = new LateClients(this.#connections, limits)
    if (maxConnections < Number.POSITIVE_INFINITY) {
      this.#limit = new ConnectionLimit(loop, this.#listeners, maxConnections, report, data.tellsEachFull)
    }
  }

  /** Listens on every port, or on none and says why. */
  async listen(): Promise<void> {
    for (const [index, port] of this.#data.ports.entries()) {
      try {
        this.#listeners.push(await this.#listenOn(port, this.#data.listeners?.[index]))
      } catch (error) {
        // The main thread then ends the loop, which closes the others.
        this.#emit({ kind: 'listen-failed', port, code: (error as SystemError).code })
        return
      }
    }
    this.#emit({ kind: 'listening', ports: this.#listeners.map(({ port }) => port) })
  }

  obey(command: ServerCommand): void {
    const { kind, request } = command
    if (kind === 'stats') {
      this.#emit({ kind, request, answer: { ...this.#connections.stats(), full: this.#limit?.timesFull ?? 0 } })
      return
    }
    // After this turn: those who came before the stop are in the kernel's queue, and would be reset.
    this.#loop.timer(0, () => {
      this.#closeListeners()
      this.#stop ??= new GracefulStop(this.#connections, command.grace, answer => {
        this.#emit({ kind: 'stopped', request, answer })
      })
    })
  }

  #listenOn(port: number, descriptor: number | undefined): Promise<Listener> {
    const { host, dualStack, backlog, reusePort } = this.#data
    const onShortage = (error: SystemError) => this.#onShortage(error)
    const own = { host, port, backlog, reusePort, ipv6Only: !dualStack, onShortage }
    const options = descriptor === undefined ? own : { ...own, descriptor }
    return this.#loop.listen(options, socket => this.#connections.add(socket))
  }

  #closeListeners(): void {
    for (const listener of this.#listeners.splice(0)) listener.close()
  }

  #onChange(): void {
    this.#limit?.update(this.#connections.size)
    this.#stop?.update()
  }

  #onShortage({ code, message }: SystemError): void {
    const { now } = this.#loop
    const isNew = now - this.#lastShortage > shortageEnd
    this.#lastShortage = now
    if (isNew) this.#emit({ kind: 'report', report: { kind: 'shortage', code, message } })
  }
}

/**
 * Runs a server in this worker thread until its starter stops it; on a loop of the engine that the starter has chosen,
 * or on one that `createLoop` makes.
 */
export async function serveOnLoop<Data extends ServerThreadData>(options: LoopThreadServing<Data> = {}): Promise<void> {
  let closeProtocol = () => {}
  await serveLoopThread<Data, ServerCommand, ServerEvent>(async (loop, data, emit) => {
    const { table } = await openCounters(data)
    const counters = table.row(data.worker)
    try {
      const handlers = await openHandlers(loop, data, counters, emit)
      closeProtocol = handlers.close
      const server = new ServerOnLoop(loop, data, emit, {
        handlers: handlers.create,
        counters,
        // Another process cannot ask for what has not been counted yet.
        countsAtOnce: handlers.countsAtOnce || typeof data.counters === 'number',
      })
      await server.listen()
      return command => server.obey(command)
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      emit({ kind: 'protocol-failed', message: error.message })
      return () => {}
    }
  }, options)
  closeProtocol()
}

async function openCounters({ protocol: { name }, workers, counters }: ServerThreadData): Promise<WorkerCounters> {
  if (typeof counters !== 'number') return new WorkerCounters(name, workers, counters)
  const { mapSharedMemory } = await loadDescriptors()
  return new WorkerCounters(name, workers, mapSharedMemory(counters, WorkerCounters.bytes(name, workers)))
}
