import { endianness } from 'node:os'
import type { SocketOptions } from '../loop.js'
import { SystemError } from '../system-error.js'
import { IPPROTO_TCP, SO_ERROR, SO_LINGER, SO_RCVBUF, SO_SNDBUF, SOL_SOCKET, TCP_NODELAY } from './constants.js'
import { errno, getsockopt, setsockopt } from './libc.js'
import { mapScratch } from './mapped-memory.js'

const littleEndian = endianness() === 'LE'
const scratch = mapScratch(16)

/** Sets an option whose value is an int (setsockopt(2)). Throws a SystemError that names the option. */
export function setOption(fd: number, level: number, option: number, value: number, name: string): void {
  if (!tryOption(fd, level, option, value)) throw SystemError.fromErrno('setsockopt', errno(), name)
}

/** The same for an option that not every system has: false where it was not set, with errno(3). */
export function tryOption(fd: number, level: number, option: number, value: number): boolean {
  scratch.view.setInt32(0, value, littleEndian)
  return setsockopt(fd, level, option, scratch.address, 4) === 0
}

/**
 * Applies what is asked of a socket (tcp(7), socket(7)). Buffer sizes shape the window only when they stand before
 * connect or listen. Throws a SystemError.
 */
export function applySocketOptions(fd: number, options: SocketOptions): void {
  if (options.noDelay !== false) setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1, 'TCP_NODELAY')
  if (options.receiveBuffer !== undefined) setOption(fd, SOL_SOCKET, SO_RCVBUF, options.receiveBuffer, 'SO_RCVBUF')
  if (options.sendBuffer !== undefined) setOption(fd, SOL_SOCKET, SO_SNDBUF, options.sendBuffer, 'SO_SNDBUF')
}

/** Makes the next close send RST: linger on, for zero seconds (socket(7), SO_LINGER). Never throws. */
export function resetOnClose(fd: number): void {
  scratch.view.setInt32(0, 1, littleEndian)
  scratch.view.setInt32(4, 0, littleEndian)
  setsockopt(fd, SOL_SOCKET, SO_LINGER, scratch.address, 8)
}

/** Takes the pending error of a socket (SO_ERROR): an errno, or 0. */
export function takeSocketError(fd: number): number {
  scratch.view.setInt32(0, 0, littleEndian)
  scratch.view.setUint32(8, 4, littleEndian)
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, scratch.address, scratch.address + 8) < 0) return errno()
  return scratch.view.getInt32(0, littleEndian)
}
