import { isIPv6 } from 'node:net'
import { endianness } from 'node:os'
import { SystemError } from '../system-error.js'
import { AF_INET, AF_INET6 } from './constants.js'
import { getpeername, getsockname, inetNtop, inetPton } from './libc.js'
import { mapScratch } from './mapped-memory.js'

const littleEndian = endianness() === 'LE'
const ipv4Bytes = 16
const ipv6Bytes = 28
const textBytes = 64

// Layout of the scratch: a sockaddr, its length, and room for an address as text.
const scratch = mapScratch(128 + textBytes)
const lengthOffset = 120
const textOffset = 128

/** Where `encodeAddress` leaves the structure. */
export const addressPointer = scratch.address

/** The address family (socket(2)) of an IP literal. */
export function familyOf(host: string): number {
  return isIPv6(host) ? AF_INET6 : AF_INET
}

/**
 * Writes a `sockaddr_in` (ip(7)) or `sockaddr_in6` (ipv6(7)) at `addressPointer` and returns its length in bytes.
 * Throws a SystemError when `host` is no IP address.
 */
export function encodeAddress(host: string, port: number): number {
  const family = familyOf(host)
  for (let at = 0; at < ipv6Bytes; at += 4) scratch.view.setUint32(at, 0)
  scratch.view.setUint16(0, family, littleEndian)
  scratch.view.setUint16(2, port)
  if (inetPton(family, host, scratch.address + (family === AF_INET6 ? 8 : 4)) !== 1) {
    throw new SystemError('inet_pton', 'EINVAL', `'${host}'`)
  }
  return family === AF_INET6 ? ipv6Bytes : ipv4Bytes
}

function ask(syscall: typeof getsockname, fd: number): boolean {
  scratch.view.setUint32(lengthOffset, ipv6Bytes, littleEndian)
  return syscall(fd, scratch.address, scratch.address + lengthOffset) === 0
}

/** The local port of a socket, or 0 when it has none. */
export function localPortOf(fd: number): number {
  return ask(getsockname, fd) ? scratch.view.getUint16(2) : 0
}

/** The peer of a socket as `host:port` (`[host]:port` for IPv6), or an empty string when it is not connected. */
export function peerOf(fd: number): string {
  if (!ask(getpeername, fd)) return ''
  const family = scratch.view.getUint16(0, littleEndian)
  const source = scratch.address + (family === AF_INET6 ? 8 : 4)
  return joinAddress(inetNtop(family, source, scratch.address + textOffset, textBytes), scratch.view.getUint16(2))
}

/** `host:port`, with brackets round an IPv6 host (RFC 3986, section 3.2.2). */
export function joinAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
