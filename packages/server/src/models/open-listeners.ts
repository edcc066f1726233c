import type { Descriptors, SystemError } from 'reactor'
import { ListenError } from '../listen-error.js'
import type { Service } from './service.js'

/** Listening sockets, in the order of the ports that were asked for. */
export interface Listeners {
  readonly descriptors: readonly number[]
  /** What the kernel chose in the place of 0. */
  readonly ports: readonly number[]
}

/** Listens on all ports, or on none, and then rejects with a ListenError. */
export async function openListeners(
  { host, ports, backlog, dualStack }: Service,
  { openListener, closeDescriptor }: Descriptors
): Promise<Listeners> {
  const open: { fd: number; port: number }[] = []
  for (const port of ports) {
    try {
      open.push(openListener({ host, port, backlog, ipv6Only: !dualStack }))
    } catch (error) {
      for (const { fd } of open) closeDescriptor(fd)
      throw await ListenError.describe(host, port, (error as SystemError).code)
    }
  }
  return { descriptors: open.map(({ fd }) => fd), ports: open.map(({ port }) => port) }
}
