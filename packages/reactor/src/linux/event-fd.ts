import { SystemError } from '../system-error.js'
import { EFD_CLOEXEC, EFD_NONBLOCK } from './constants.js'
import { close, errno, eventfd, read, write } from './libc.js'
import { mapScratch } from './mapped-memory.js'

const counter = mapScratch(16)
const one = counter.address
const sink = counter.address + 8
counter.view.setBigUint64(0, 1n, true)

/** Makes an eventfd(2) that never blocks. Throws a SystemError. */
export function createEventFd(): number {
  const fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)
  if (fd < 0) throw SystemError.fromErrno('eventfd', errno())
  return fd
}

/** Makes the descriptor readable. Adding to a counter that is full already is no loss: it is readable then. */
export function signalEventFd(fd: number): void {
  write(fd, one, 8)
}

/** Takes the signals, so that the descriptor is no longer readable. */
export function clearEventFd(fd: number): void {
  read(fd, sink, 8)
}

export function closeEventFd(fd: number): void {
  close(fd)
}
