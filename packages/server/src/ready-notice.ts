import { fstatSync, writeSync } from 'node:fs'
import { formatSize, UsageError } from 'command-line'
import type { ModelName } from './models/model.js'
import type { ProtocolSettings } from './protocols/settings.js'
import type { RunningServer } from './server.js'

/** The first descriptor that is not one of the standard three. */
const firstOwnDescriptor = 3

/** The models whose workers wait for their clients, and so hold nothing for them. */
const waiting: ReadonlySet<ModelName> = new Set(['single', 'prefork', 'threaded'])

/** What was asked for on the command line. */
interface Asked {
  readonly protocol: ProtocolSettings
  /** Bytes. */
  readonly pipeThreshold: number
}

/** What a program that waits for the server wants to know: one JSON line. */
export function readyDocument(server: RunningServer, { protocol, pipeThreshold }: Asked): string {
  const { host, ports, model, engine } = server
  const how = model === 'epoll' ? { engine } : { model }
  const document = { event: 'listening', pid: process.pid, host, ports, protocol: protocol.name, ...how }
  return `${JSON.stringify(waiting.has(model) ? document : { ...document, pipeThreshold })}\n`
}

/** The same for a person. */
export function readyLine(server: RunningServer, { protocol, pipeThreshold }: Asked): string {
  const host = server.host.includes(':') ? `[${server.host}]` : server.host
  const model = server.engine === undefined ? `model ${server.model}` : `engine ${server.engine}`
  const what = protocol.name === 'echo' ? model : `protocol ${protocol.name}, ${model}`
  const how = waiting.has(server.model) ? what : `${what}, pipe threshold ${formatSize(pipeThreshold)}`
  return `server: listening on ${host}:${formatPorts(server.ports)} (${how}), pid ${process.pid}\n`
}

/** Ports as `8001-8004,9000`. */
function formatPorts(ports: readonly number[]): string {
  const runs: [first: number, last: number][] = []
  for (const port of ports) {
    const run = runs.at(-1)
    if (run !== undefined && port === run[1] + 1) run[1] = port
    else runs.push([port, port])
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}

/** Throws a UsageError unless something that can be written to was passed to this process as the descriptor `fd`. */
export function checkReadyDescriptor(fd: number): void {
  const advice = `pass one that is open for writing, as in: server --ready-fd 3 3>ready.json`
  if (!Number.isInteger(fd) || fd < firstOwnDescriptor) {
    throw new UsageError(`--ready-fd ${fd}: expected a descriptor from ${firstOwnDescriptor} up; ${advice}`)
  }
  if (!canBeReady(fd)) throw new UsageError(`--ready-fd ${fd}: there is no such descriptor to write to; ${advice}`)
}

// Descriptors of the runtime itself, such as its epoll instance, are neither a pipe nor a socket nor a file.
function canBeReady(fd: number): boolean {
  try {
    // Not plain numbers: Node keeps those of a socket in an array of its own, and its loader then takes a link for one.
    const status = fstatSync(fd, { bigint: true })
    writeSync(fd, '')
    return status.isFIFO() || status.isSocket() || status.isFile() || status.isCharacterDevice()
  } catch {
    return false
  }
}

/** Writes a notice to a descriptor. Whoever was to read it may be gone, which is no reason not to serve. */
export function tell(fd: number, notice: string): void {
  try {
    writeSync(fd, notice)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
  }
}
