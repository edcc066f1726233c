import { lookup } from 'node:dns/promises'
import { isIP, isIPv4, isIPv6 } from 'node:net'
import { Failure, UsageError } from './errors.js'
import { exitCode } from './exit-codes.js'
import { shown } from './quantities.js'

/** Where to connect to or to listen on. The host is a name or an IP address without brackets. */
export interface Endpoint {
  readonly host: string
  readonly port: number
}

const highestPort = 65_535

/**
 * Reads a list of ports and ranges of ports, in the order given: `8001-8004,9000`. Port 0 stands for any port that
 * is free. Throws a `UsageError` for anything else, and for a port that is named twice.
 */
export function parsePorts(text: string): number[] {
  const ports: number[] = []
  for (const part of text.split(',')) {
    const [, first, last = first] = part.match(/^(\d{1,5})(?:-(\d{1,5}))?$/) ?? []
    if (first === undefined) {
      throw new UsageError(`'${shown(text)}' is not a list of ports; expected one such as 8001-8004,9000`)
    }
    const [start, end] = [Number(first), Number(last)]
    if (start > end) throw new UsageError(`'${part}' ends below its start; expected the smaller port first`)
    if (end > highestPort) throw new UsageError(`'${part}' exceeds the highest port; expected 1 to ${highestPort}`)
    for (let port = start; port <= end; port++) {
      if (port !== 0 && ports.includes(port))
        throw new UsageError(`'${shown(text)}' names port ${port} twice; expected each port once`)
      ports.push(port)
    }
  }
  return ports
}

/**
 * Reads `port`, `host:port` or `[IPv6 address]:port`. Nothing is looked up. Throws a `UsageError` for anything else.
 */
export function parseEndpoint(text: string, defaultHost = '127.0.0.1'): Endpoint {
  const [, bracketed, plain, digits] = text.match(/^(?:(?:\[([^\]]*)\]|([^:]+)):)?(\d{1,5})$/) ?? []
  const port = Number(digits)
  if (digits === undefined) {
    throw new UsageError(
      `'${shown(text)}' is not an address; expected a port, host:port or [IPv6 address]:port, such as 127.0.0.1:8001`
    )
  }
  if (port < 1 || port > highestPort) {
    throw new UsageError(`'${shown(text)}' has no valid port; expected 1 to ${highestPort}`)
  }
  if (bracketed !== undefined && !isIPv6(bracketed)) {
    throw new UsageError(`'${shown(bracketed)}' is not an IPv6 address; expected one such as [::1]:${port}`)
  }
  if (plain !== undefined) checkHostName(plain)
  return { host: bracketed ?? plain ?? defaultHost, port }
}

/**
 * The IP address of a host: an address (IPv6 with or without brackets) as it is, a name through the system's
 * resolver. Throws a `UsageError` for what cannot be a host, and a `Failure` with exit code 4 for a name that
 * does not resolve.
 */
export async function resolveHost(host: string): Promise<string> {
  const [, bracketed] = host.match(/^\[(.*)\]$/) ?? []
  if (bracketed !== undefined && isIPv6(bracketed)) return bracketed
  if (isIP(host) !== 0) return host
  checkHostName(host)
  try {
    const { address } = await lookup(host)
    return address
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason = code === 'EAI_AGAIN' ? 'the name server does not answer' : 'no such host'
    throw new Failure(`cannot resolve '${shown(host)}': ${reason} (${code})`, exitCode.connectionFailed, {
      cause: error,
    })
  }
}

function checkHostName(host: string): void {
  const couldBeName = /^[a-z0-9_](?:[a-z0-9._-]{0,252})$/i.test(host)
  const looksLikeAddress = /^[\d.]+$/.test(host)
  if (!couldBeName || (looksLikeAddress && !isIPv4(host))) {
    throw new UsageError(`'${shown(host)}' is not a host; expected a name or an address such as localhost or 127.0.0.1`)
  }
}
