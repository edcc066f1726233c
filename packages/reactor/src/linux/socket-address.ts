import { isIPv6 } from 'node:net'
import { endianness } from 'node:os'
import { joinAddress } from '../join-address.js'
import { SystemError } from '../system-error.js'
import { AF_INET, AF_INET6, SOCK_CLOEXEC, SOCK_NONBLOCK } from './constants.js'
import { accept4, getpeername, getsockname, inetNtop, inetPton } from './libc.js'
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

/** The structure itself. */
export const encodedAddress = scratch.view

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

/**
 * Takes a connection from a listening socket (accept4(2)): its descriptor, non-blocking, or -1 with errno(3) set.
 * Ask `acceptedPeer` for its address straight after.
 */
export function accept(fd: number): number {
  scratch.view.setUint32(lengthOffset, ipv6Bytes, littleEndian)
  return accept4(fd, scratch.address, scratch.address + lengthOffset, SOCK_NONBLOCK | SOCK_CLOEXEC)
}

/**
 * The address of a peer as a connection keeps it: for IPv4 address and port in one number, which takes a sixth of the
 * memory of their text; for others the text.
 */
export type PeerAddress = number | string

const ports = 2 ** 16

/** The peer of a connected socket (getpeername(2)); an empty string when it is gone. */
export function peerOf(fd: number): PeerAddress {
  scratch.view.setUint32(lengthOffset, ipv6Bytes, littleEndian)
  return getpeername(fd, scratch.address, scratch.address + lengthOffset) === 0 ? acceptedPeer() : ''
}

/** The peer that `accept` returned last. */
export function acceptedPeer(): PeerAddress {
  const { address, view } = scratch
  const port = view.getUint16(2)
  if (view.getUint16(0, littleEndian) === AF_INET6) {
    return joinAddress(inetNtop(AF_INET6, address + 8, address + textOffset, textBytes), port)
  }
  return view.getUint32(4) * ports + port
}

/** As `host:port` (`[host]:port` for IPv6). */
export function peerText(peer: PeerAddress): string {
  if (typeof peer === 'string') return peer
  const address = Math.floor(peer / ports)
  const bytes = [24, 16, 8, 0].map(shift => (address >>> shift) & 255)
  return `${bytes.join('.')}:${peer % ports}`
}

/** The local port of a socket, or 0 when it has none. */
export function localPortOf(fd: number): number {
  scratch.view.setUint32(lengthOffset, ipv6Bytes, littleEndian)
  return getsockname(fd, scratch.address, scratch.address + lengthOffset) === 0 ? scratch.view.getUint16(2) : 0
}
