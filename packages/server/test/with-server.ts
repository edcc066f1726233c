import type { EngineName } from 'reactor'
import type { Suite } from 'suite'
import { type RunningServer, type ServerOptions, startServer } from '../src/index.js'
import { Client } from './client.js'

export const engines: readonly EngineName[] = ['epoll', 'uring', 'node']

/** Registers a test of one engine. */
export function testOn(
  test: Suite,
  engine: EngineName,
  name: string,
  body: () => Promise<void>,
  options?: { timeLimit: number }
): void {
  test(`${name} [${engine}]`, body, options)
}

/** What a test body gets: its own server, and clients that are gone when it is over. */
export interface Scene {
  readonly engine: EngineName
  readonly server: RunningServer
  connect(port?: number, host?: string): Promise<Client>
}

type Settings = Partial<ServerOptions> & { timeLimit?: number }

/** One test for each engine, each with a server of its own. */
export function onEachEngine(
  test: Suite,
  name: string,
  settings: Settings,
  body: (scene: Scene) => Promise<void>
): void {
  const { timeLimit = 20_000, ...options } = settings
  for (const engine of engines) {
    const run = () => withServer({ ports: [0], engine, ...options }, scene => body({ ...scene, engine }))
    testOn(test, engine, name, run, { timeLimit })
  }
}

/** Starts a server and ends it, and all clients, whatever happens. */
export async function withServer(options: ServerOptions, body: (scene: Scene) => Promise<void>): Promise<void> {
  const server = await startServer(options)
  const clients: Client[] = []
  const connect = async (port = server.ports[0] as number, host = '127.0.0.1') => {
    const client = await Client.connect(port, host)
    clients.push(client)
    return client
  }
  try {
    await body({ engine: server.engine ?? 'epoll', server, connect })
  } finally {
    for (const client of clients) client.socket.destroy()
    await server.abort()
  }
  // A fault in the loop's thread must fail the test that caused it.
  await server.ended
}
