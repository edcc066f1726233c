import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Plain clients of `node:net`, to look at a loop from outside. */
export class Clients {
  readonly sockets: Socket[] = []

  /** Connects so many; they are in a server's backlog at least, or have been turned away. */
  async add(port: number, count: number): Promise<void> {
    const added = Array.from({ length: count }, () => connect(port, '127.0.0.1'))
    this.sockets.push(...added)
    for (const socket of added) socket.on('error', () => {})
    await Promise.all(
      added.map(socket => new Promise<void>(resolve => socket.once('connect', resolve).once('close', () => resolve())))
    )
  }

  /** Ends them all. */
  end(): void {
    for (const socket of this.sockets.splice(0)) socket.destroy()
  }
}

/** Runs `use` with clients, which are ended whatever happens. */
export async function withClients<T>(use: (clients: Clients) => Promise<T>): Promise<T> {
  const clients = new Clients()
  try {
    return await use(clients)
  } finally {
    clients.end()
  }
}

/** Waits until something is so; throws when it is not within `patience` milliseconds. */
export async function until(what: string, isSo: () => boolean, patience = 5000): Promise<void> {
  for (const started = performance.now(); !isSo(); await sleep(5)) {
    if (performance.now() - started > patience) throw new Error(`not within ${patience} ms: ${what}`)
  }
}
