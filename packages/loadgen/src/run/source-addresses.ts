import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { UsageError } from 'command-line'
import type { LoadPlan, Resolved } from '../plan.js'
import { workloadOf } from '../registry.js'
import { connectionsAtOnce } from './machine-limits.js'

/**
 * Connections from one local address to one target, above which each further one costs milliseconds: connect(2) looks
 * for a local port among those of one parity first (Linux: `__inet_hash_connect`), half of them, and then searches.
 */
const fewEnough = 12_000

/** Where bind(2) chooses the port, as on engine node, the search is longer. */
const fewEnoughBound = 6_000

/**
 * The local addresses that a plan connects from. Where none are named, all targets are on the loopback interface, and
 * one address would be slow or have too few ports: as many of its addresses as it takes. Any of 127.0.0.0/8 will do, and
 * each run takes others, for the ports of the one before are in TIME_WAIT (tcp(7)): bind(2) does not get them, and
 * connect(2) only after a while.
 */
export function sourceAddressesOf(plan: Resolved<LoadPlan>): readonly string[] {
  const { sourceAddresses, targets } = plan
  const looped = targets.every(({ host }) => /^127\.\d+\.\d+\.\d+$/.test(host))
  if (sourceAddresses.length > 0 || !looped || workloadOf(plan).connections(plan) === 0) return sourceAddresses
  const atOnce = connectionsAtOnce(plan)
  if (atOnce <= fewEnough * targets.length) return []
  const network = `127.${randomInt(1, 255)}.${randomInt(255)}`
  return Array.from({ length: Math.min(254, Math.ceil(atOnce / fewEnoughBound)) }, (_, at) => `${network}.${at + 1}`)
}

/** Rejects with a UsageError unless connections can come from all of these addresses (bind(2), EADDRNOTAVAIL). */
export async function checkSourceAddresses(addresses: readonly string[]): Promise<void> {
  for (const address of addresses) {
    const server = createServer().listen(0, address)
    try {
      await once(server, 'listening')
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw new UsageError(
        `--source-ip: ${address} cannot be bound to (${code}); expected addresses of this machine, such as 127.0.0.2`
      )
    } finally {
      server.close()
    }
  }
}
