import { readFileSync } from 'node:fs'

/** TCP_ESTABLISHED and TCP_CLOSE_WAIT, as `/proc/net/tcp` writes them. */
const openStates = new Set(['01', '08'])

/**
 * What waits in the queues of all connections that were accepted on some ports, as a text to be compared: bytes that the
 * program has not read, and bytes that have not left it (`/proc/net/tcp`, proc_net_tcp in the kernel's documentation). As
 * long as it stays the same, the program moves nothing. Empty for ports of another machine.
 */
export function describeQueues(ports: readonly number[]): string {
  const wanted = new Set(ports.map(port => port.toString(16).toUpperCase().padStart(4, '0')))
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap(path => linesOf(path))
    .flatMap(line => {
      const [, local = '', remote = '', state = '', queues = ''] = line.trim().split(/\s+/)
      const port = local.slice(local.lastIndexOf(':') + 1)
      return wanted.has(port) && openStates.has(state) ? [`${local} ${remote} ${queues}`] : []
    })
    .sort()
    .join('\n')
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, 'latin1').split('\n')
  } catch {
    return []
  }
}
