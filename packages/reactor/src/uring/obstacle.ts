import { readFileSync } from 'node:fs'
import { endianness } from 'node:os'
import { errno } from '../linux/libc.js'
import { mapScratch } from '../linux/mapped-memory.js'
import { SystemError } from '../system-error.js'
import {
  IO_URING_OP_SUPPORTED,
  IORING_FEAT_CQE_SKIP,
  IORING_FEAT_EXT_ARG,
  IORING_FEAT_FAST_POLL,
  IORING_FEAT_NODROP,
  IORING_FEAT_SINGLE_MMAP,
  IORING_FEAT_SUBMIT_STABLE,
  IORING_OP_ACCEPT,
  IORING_OP_ASYNC_CANCEL,
  IORING_OP_CONNECT,
  IORING_OP_POLL_ADD,
  IORING_OP_RECV,
  IORING_OP_SEND,
  IORING_OP_SEND_ZC,
  IORING_OP_SENDMSG,
  IORING_REGISTER_PROBE,
} from './abi.js'
import { registerBufferRing } from './buffer-ring.js'
import { Ring } from './ring.js'
import { ioUringRegister } from './system-calls.js'

const littleEndian = endianness() === 'LE'

const neededFeatures =
  IORING_FEAT_SINGLE_MMAP |
  IORING_FEAT_NODROP |
  IORING_FEAT_SUBMIT_STABLE |
  IORING_FEAT_FAST_POLL |
  IORING_FEAT_EXT_ARG |
  IORING_FEAT_CQE_SKIP

const neededOperations: readonly [number, string][] = [
  [IORING_OP_POLL_ADD, 'poll'],
  [IORING_OP_ACCEPT, 'accept'],
  [IORING_OP_ASYNC_CANCEL, 'cancel'],
  [IORING_OP_CONNECT, 'connect'],
  [IORING_OP_SEND, 'send'],
  [IORING_OP_SENDMSG, 'sendmsg'],
  [IORING_OP_RECV, 'receive'],
  // Multishot receive cannot be probed; it came with the same kernel as this operation, Linux 6.0.
  [IORING_OP_SEND_ZC, 'multishot receive'],
]

/** Why engine `uring` cannot run here, in part of a sentence; undefined when it can. Sets up a ring to find out. */
export function obstacleToUring(): string | undefined {
  let ring: Ring
  try {
    ring = new Ring(8, 16)
  } catch (error) {
    return explain(error as SystemError)
  }
  try {
    if ((ring.features & neededFeatures) !== neededFeatures) return 'the kernel is too old (6.0 or later is needed)'
    return missingOperation(ring.fd) ?? obstacleToBufferRing(ring.fd)
  } finally {
    ring.close()
  }
}

function explain(error: SystemError): string {
  if (error.code === 'ENOSYS') return 'the kernel has no io_uring, or a sandbox hides it (ENOSYS)'
  if (error.code === 'EINVAL') return 'the kernel is too old (6.0 or later is needed)'
  if (error.code !== 'EPERM' && error.code !== 'EACCES') return error.message
  const setting = disabledSetting()
  if (setting > 0) return `io_uring is switched off on this machine (kernel.io_uring_disabled = ${setting})`
  return `a sandbox, such as the seccomp profile of a container, forbids io_uring (${error.code})`
}

/** The sysctl kernel.io_uring_disabled (Linux 6.6): 1 for unprivileged processes, 2 for all; 0 where it is missing. */
function disabledSetting(): number {
  try {
    return Number(readFileSync('/proc/sys/kernel/io_uring_disabled', 'utf8'))
  } catch {
    return 0
  }
}

/** Asks the kernel which operations it has (io_uring_register(2), IORING_REGISTER_PROBE). */
function missingOperation(fd: number): string | undefined {
  const { address, view } = mapScratch(16 + 8 * 256)
  if (ioUringRegister(fd, IORING_REGISTER_PROBE, address, 256) < 0) {
    return SystemError.fromErrno('io_uring_register', errno(), 'probe').message
  }
  for (const [operation, name] of neededOperations) {
    const flags = view.getUint16(16 + 8 * operation + 2, littleEndian)
    if ((flags & IO_URING_OP_SUPPORTED) === 0) return `the kernel's io_uring has no ${name} (6.0 or later is needed)`
  }
  return undefined
}

function obstacleToBufferRing(fd: number): string | undefined {
  const error = registerBufferRing(fd, mapScratch(4096).address, 8, 0, false)
  return error === 0 ? undefined : SystemError.fromErrno('io_uring_register', error, 'provided buffers').message
}

/** Whether this kernel fills provided buffers piece by piece (IOU_PBUF_RING_INC, Linux 6.12). */
export function hasIncrementalBuffers(): boolean {
  const ring = new Ring(8, 16)
  try {
    return registerBufferRing(ring.fd, mapScratch(4096).address, 8, 0, true) === 0
  } finally {
    ring.close()
  }
}
