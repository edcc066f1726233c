import { SystemError } from '../system-error.js'
import { EINVAL, ENOSYS, EPERM, F_SETPIPE_SZ, O_CLOEXEC, O_NONBLOCK, SPLICE_F_NONBLOCK } from './constants.js'
import { close, errno, fcntl, pipe2, splice } from './libc.js'
import { mapScratch } from './mapped-memory.js'

const ends = mapScratch(8)

/**
 * A pipe(7) through which bytes go from one socket to another without entering the process (splice(2)): the kernel
 * moves references to its pages instead of copying them. Whether its calls block depends on the sockets (O_NONBLOCK).
 */
export class KernelPipe {
  readonly #size: number
  readonly #input: number
  readonly #output: number
  #length = 0

  /**
   * Takes at most `size` bytes, and fewer where they come in small packets. Throws a SystemError, such as `EMFILE`, or
   * `EPERM` when this user may have no more pipes of that size (pipe(7), `pipe-user-pages-soft`).
   */
  constructor(size: number) {
    if (pipe2(ends.address, O_NONBLOCK | O_CLOEXEC) < 0) throw SystemError.fromErrno('pipe2', errno())
    const [output, input] = new Int32Array(ends.view.buffer, ends.view.byteOffset, 2) as unknown as [number, number]
    this.#size = size
    this.#output = output
    this.#input = input
    if (fcntl(input, F_SETPIPE_SZ, size) >= 0) return
    const error = errno()
    this.close()
    throw SystemError.fromErrno('fcntl', error, `F_SETPIPE_SZ ${size}`)
  }

  /** Bytes in it. */
  get length(): number {
    return this.#length
  }

  /** To be called only when it is empty. At most `limit` bytes of a socket: how many, 0 after FIN, or the negative errno. */
  fillFrom(fd: number, limit: number): number {
    const count = splice(fd, 0, this.#input, 0, Math.min(limit, this.#size), SPLICE_F_NONBLOCK)
    if (count < 0) return -errno()
    this.#length = count
    return count
  }

  /** Not to be called when it is empty. Gives a socket what it takes at once: how many bytes, or the negative errno. */
  emptyInto(fd: number): number {
    const count = splice(this.#output, 0, fd, 0, this.#length, SPLICE_F_NONBLOCK)
    if (count < 0) return -errno()
    this.#length -= count
    return count
  }

  /** What is in it is lost. */
  close(): void {
    this.#length = 0
    close(this.#input)
    close(this.#output)
  }
}

/** Whether an errno of splice(2) means that it cannot be used here at all, for want of the kernel or by a sandbox. */
export function forbidsSplice(error: number): boolean {
  return error === EINVAL || error === ENOSYS || error === EPERM
}
