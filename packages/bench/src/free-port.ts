import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/** Below it are ports of well-known services, and of this project's own tests. */
const lowest = 10_000
const attempts = 100

/**
 * A port of 127.0.0.1 that nobody listens on. It lies outside the range from which the kernel takes the ports of
 * outgoing connections (ip(7)), so that no client comes to sit on it before the server does.
 */
export async function freePort(): Promise<number> {
  const highest = firstEphemeralPort()
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(lowest, highest)
    if (await isFree(port)) return port
  }
  throw new Error(`found no free port from ${lowest} to ${highest} in ${attempts} attempts`)
}

function firstEphemeralPort(): number {
  const [, first] = /^(\d+)/.exec(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')) ?? []
  const port = Number(first)
  return port > lowest + attempts ? port : 65_536
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
