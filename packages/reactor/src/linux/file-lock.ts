import { SystemError } from '../system-error.js'
import { EINTR } from './constants.js'
import { declare, errno } from './libc.js'

/** flock(2) */
const flock = declare<(fd: number, operation: number) => number>('flock', 'int', ['int', 'int'])

const operations = { shared: 1, exclusive: 2, unlocked: 8 } as const

/**
 * Locks an open file, or gives the lock up (flock(2)): many may have it `shared`, or one `exclusive`. Blocks until it is
 * to be had. Belongs to the open file, so that threads which have each opened it exclude each other as processes do;
 * ends with it, also by SIGKILL. Throws a SystemError.
 */
export function lockFile(fd: number, how: keyof typeof operations): void {
  while (flock(fd, operations[how]) < 0) {
    const error = errno()
    if (error !== EINTR) throw SystemError.fromErrno('flock', error)
  }
}
