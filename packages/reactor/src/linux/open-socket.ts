import { joinAddress } from '../join-address.js'
import type { ConnectOptions, ListenOptions } from '../loop.js'
import { SystemError } from '../system-error.js'
import {
  AF_INET6,
  EINPROGRESS,
  IP_BIND_ADDRESS_NO_PORT,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from './constants.js'
import { bind, close, connect, errno, listen, socket } from './libc.js'
import { addressPointer, encodeAddress, familyOf } from './socket-address.js'
import { applySocketOptions, setOption, tryOption } from './socket-options.js'

const defaultBacklog = 4096

/** Opens a non-blocking TCP socket, and closes it again when `prepare` throws. */
function openSocket(host: string, prepare: (fd: number) => void): number {
  const fd = socket(familyOf(host), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)
  if (fd < 0) throw SystemError.fromErrno('socket', errno())
  try {
    prepare(fd)
    return fd
  } catch (error) {
    close(fd)
    throw error
  }
}

function bindTo(fd: number, host: string, port: number): void {
  const length = encodeAddress(host, port)
  if (bind(fd, addressPointer, length) < 0) throw SystemError.fromErrno('bind', errno(), joinAddress(host, port))
}

/**
 * Makes bind(2) take the address only, and connect(2) the port (ip(7), IP_BIND_ADDRESS_NO_PORT; of IPv6 sockets too).
 * Connections to different targets may then have the same port, where bind would give each one of its own.
 */
function leavePortToConnect(fd: number): void {
  tryOption(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
}

/** A listening socket (socket(2), bind(2), listen(2)). Throws a SystemError. */
export function openListening(options: ListenOptions): number {
  const { host, port } = options
  return openSocket(host, fd => {
    if (options.reuseAddress !== false) setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1, 'SO_REUSEADDR')
    if (options.reusePort === true) setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1, 'SO_REUSEPORT')
    if (familyOf(host) === AF_INET6) {
      setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6Only === false ? 0 : 1, 'IPV6_V6ONLY')
    }
    // Accepted sockets inherit them (tcp(7)), which saves a call for each.
    applySocketOptions(fd, options)
    bindTo(fd, host, port)
    if (listen(fd, options.backlog ?? defaultBacklog) < 0) {
      throw SystemError.fromErrno('listen', errno(), joinAddress(host, port))
    }
  })
}

/**
 * A socket that is connecting (connect(2)), or whose connecting has failed at once: then `failure` is the errno, else 0.
 * Throws a SystemError when there is no socket or no such local address to connect from.
 */
export function openConnecting(options: ConnectOptions): { fd: number; failure: number } {
  const fd = openUnconnected(options)
  const length = encodeAddress(options.host, options.port)
  const failure = connect(fd, addressPointer, length) < 0 ? errno() : 0
  return { fd, failure: failure === EINPROGRESS ? 0 : failure }
}

/** A socket with everything set that has to be set before it connects. Throws a SystemError. */
export function openUnconnected(options: ConnectOptions): number {
  const { host, port, localAddress } = options
  return openSocket(host, fd => {
    applySocketOptions(fd, options)
    if (localAddress !== undefined) {
      leavePortToConnect(fd)
      bindTo(fd, localAddress, 0)
    }
    // Here, where an address that is none still closes the socket.
    encodeAddress(host, port)
  })
}
