import { randomBytes } from 'node:crypto'
import * as assert from 'uvu/assert'
import type { RunningServer } from '../src/index.js'
import type { ServerStats } from '../src/server-messages.js'
import { eventually } from './client.js'
import type { Scene } from './with-server.js'

/** What clients write again and again. */
export const chunk = randomBytes(64 * 1024)

/** What a client that wrote `length` bytes in chunks has to get back from an echo. */
export function repeated(length: number): Buffer {
  return Buffer.alloc(length, chunk)
}

/** Waits until what a server has counted is right. */
export function eventualStats(
  server: RunningServer,
  what: string,
  right: (stats: ServerStats) => boolean
): Promise<ServerStats> {
  return eventually(what, () => server.stats(), right)
}

/** Waits until no connection is open. */
export function allGone(server: RunningServer): Promise<ServerStats> {
  return eventualStats(server, 'all are gone', ({ open }) => open === 0)
}

/** Has a client write as much as is taken, read nothing, and reset: it is counted, and nothing of it is kept. */
export async function resetUnread({ server, connect }: Scene, bytes: Uint8Array): Promise<ServerStats> {
  const client = await connect()
  await client.writeUntilStuck(bytes)
  client.reset()
  const stats = await allGone(server)
  assert.is(stats.reset, 1)
  assert.is(stats.heldBytes, 0)
  assert.is(stats.leasedBytes, 0)
  return stats
}
