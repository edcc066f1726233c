import { systemCall } from '../linux/libc.js'
import { SYS_io_uring_enter, SYS_io_uring_register, SYS_io_uring_setup } from './abi.js'

// glibc and musl have no functions of their own for io_uring.

/** io_uring_setup(2): a descriptor, or -1 with errno(3) set. `parameters` is the address of a `struct io_uring_params`. */
export function ioUringSetup(entries: number, parameters: number): number {
  return systemCall(SYS_io_uring_setup, entries, parameters, 0, 0, 0, 0)
}

/** io_uring_enter(2): how many entries were submitted, or -1 with errno(3) set. */
export function ioUringEnter(
  fd: number,
  submit: number,
  complete: number,
  flags: number,
  argument: number,
  argumentBytes: number
): number {
  return systemCall(SYS_io_uring_enter, fd, submit, complete, flags, argument, argumentBytes)
}

/** io_uring_register(2): 0 or more, or -1 with errno(3) set. */
export function ioUringRegister(fd: number, operation: number, argument: number, count: number): number {
  return systemCall(SYS_io_uring_register, fd, operation, argument, count, 0, 0)
}
