import { closeSync, ftruncateSync } from 'node:fs'
import { SystemError } from '../system-error.js'
import { PROT_READ_WRITE } from './constants.js'
import { declare, errno, mmap, viewOf } from './libc.js'

/** memfd_create(2) */
const memfdCreate = declare<(name: string, flags: number) => number>('memfd_create', 'int', ['str', 'uint32_t'])

const MFD_CLOEXEC = 1
const MAP_SHARED = 1

/** Memory that several processes have mapped. */
export interface SharedMemory {
  /** To be inherited by the other processes, which map it too. */
  readonly fd: number
  readonly buffer: ArrayBuffer
}

/**
 * Zeroed memory without a file (memfd_create(2)), which lives for as long as some process has it mapped or open.
 * `name` shows in `/proc/PID/maps`. Throws a SystemError.
 */
export function createSharedMemory(name: string, bytes: number): SharedMemory {
  const fd = memfdCreate(name, MFD_CLOEXEC)
  if (fd < 0) throw SystemError.fromErrno('memfd_create', errno())
  try {
    ftruncateSync(fd, bytes)
    return { fd, buffer: mapSharedMemory(fd, bytes) }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

/** Maps what another process has created; it stays mapped to the process's end. Throws a SystemError. */
export function mapSharedMemory(fd: number, bytes: number): ArrayBuffer {
  const address = mmap(0, bytes, PROT_READ_WRITE, MAP_SHARED, fd, 0)
  if (typeof address !== 'number') throw SystemError.fromErrno('mmap', errno(), `${bytes} shared bytes`)
  return viewOf(address, bytes)
}
