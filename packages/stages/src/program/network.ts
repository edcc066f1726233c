import { readlinkSync } from 'node:fs'
import { isIPv4 } from 'node:net'
import { networkInterfaces } from 'node:os'

/** True when an IP address is one of this machine's. */
export function isOwnAddress(host: string): boolean {
  if (isIPv4(host) && host.startsWith('127.')) return true
  return Object.values(networkInterfaces()).some(addresses => addresses?.some(({ address }) => address === host))
}

/**
 * True when a process sees the same ports as this one, false when it is in another network namespace, such as a
 * container's (network_namespaces(7)), or when that cannot be seen.
 */
export function sharesNetwork(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net')
  } catch {
    return false
  }
}
