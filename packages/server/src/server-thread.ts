import { type Listener, type Loop, type SystemError, serveLoopThread } from 'reactor'
import { ConnectionLimit } from './connection-limit.js'
import { Connections } from './connections.js'
import { echo } from './echo.js'
import { GracefulStop } from './graceful-stop.js'
import { IdleTimeout } from './idle-timeout.js'
import type { ServerCommand, ServerEvent, ServerReport, ServerThreadData } from './server-messages.js'

/** A shortage is over when so many milliseconds have passed without a failure to accept. */
const shortageEnd = 5000

/** The server on its loop: listens, and obeys the main thread. */
class ServerThread {
  readonly #loop: Loop
  readonly #data: ServerThreadData
  readonly #emit: (event: ServerEvent) => void
  readonly #listeners: Listener[] = []
  readonly #connections: Connections
  readonly #limit: ConnectionLimit | undefined
  readonly #idleTimeout: IdleTimeout | undefined
  #stop: GracefulStop | undefined
  #lastShortage = Number.NEGATIVE_INFINITY

  constructor(loop: Loop, data: ServerThreadData, emit: (event: ServerEvent) => void) {
    this.#loop = loop
    this.#data = data
    this.#emit = emit
    const report = (report: ServerReport) => emit({ kind: 'report', report })
    const { pipeThreshold, idleTimeout, maxConnections } = data
    const onReport = data.reportConnections ? report : undefined
    const onChange = () => this.#onChange()
    this.#connections = new Connections(loop, { protocol: echo, pipeThreshold, onChange, onReport })
    if (idleTimeout < Number.POSITIVE_INFINITY) this.#idleTimeout = new IdleTimeout(this.#connections, idleTimeout)
    if (maxConnections < Number.POSITIVE_INFINITY) {
      this.#limit = new ConnectionLimit(loop, this.#listeners, maxConnections, report)
    }
  }

  /** Listens on every port, or on none and says why. */
  async listen(): Promise<void> {
    for (const port of this.#data.ports) {
      try {
        this.#listeners.push(await this.#listenOn(port))
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
      this.#emit({ kind, request, answer: this.#connections.stats() })
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

  #listenOn(port: number): Promise<Listener> {
    const { host, dualStack, backlog } = this.#data
    const onShortage = (error: SystemError) => this.#onShortage(error)
    return this.#loop.listen({ host, port, backlog, ipv6Only: !dualStack, onShortage }, socket =>
      this.#connections.add(socket)
    )
  }

  #closeListeners(): void {
    for (const listener of this.#listeners.splice(0)) listener.close()
  }

  #onChange(): void {
    this.#limit?.update(this.#connections.size)
    this.#idleTimeout?.watch()
    this.#stop?.update()
  }

  #onShortage({ code, message }: SystemError): void {
    const { now } = this.#loop
    const isNew = now - this.#lastShortage > shortageEnd
    this.#lastShortage = now
    if (isNew) this.#emit({ kind: 'report', report: { kind: 'shortage', code, message } })
  }
}

await serveLoopThread<ServerThreadData, ServerCommand, ServerEvent>(async (loop, data, emit) => {
  const server = new ServerThread(loop, data, emit)
  await server.listen()
  return command => server.obey(command)
})
