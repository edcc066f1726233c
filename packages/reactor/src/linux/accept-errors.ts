import { SystemError } from '../system-error.js'
import { EMFILE, ENFILE, ENOBUFS, ENOMEM } from './constants.js'

const shortages = new Set([EMFILE, ENFILE, ENOBUFS, ENOMEM])

const connectionErrors = new Set([
  'ECONNABORTED',
  'EPERM',
  'EPROTO',
  'ENOPROTOOPT',
  'EHOSTDOWN',
  'EHOSTUNREACH',
  'ENETDOWN',
  'ENETUNREACH',
  'ENONET',
  'EOPNOTSUPP',
  'ETIMEDOUT',
])

/** accept(2) has failed for want of descriptors or memory: trying again makes sense when some are free. */
export function isShortage(error: number): boolean {
  return shortages.has(error)
}

/** An error of the connection itself, which accept(2) passes on: the next connection may be sound. */
export function isConnectionError(error: number): boolean {
  return connectionErrors.has(SystemError.fromErrno('accept4', error).code)
}
