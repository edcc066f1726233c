import { endianness } from 'node:os'
import { EAGAIN, EINTR, ENOMEM } from '../linux/constants.js'
import { close, errno, mmap, munmap, viewOf } from '../linux/libc.js'
import { mapScratch } from '../linux/mapped-memory.js'
import { timespecBytes, writeTimespec } from '../linux/timespec.js'
import { SystemError } from '../system-error.js'
import {
  EBUSY,
  EINVAL,
  ETIME,
  IORING_ENTER_EXT_ARG,
  IORING_ENTER_GETEVENTS,
  IORING_OFF_SQ_RING,
  IORING_OFF_SQES,
  IORING_SETUP_CLAMP,
  IORING_SETUP_COOP_TASKRUN,
  IORING_SETUP_CQSIZE,
  IORING_SETUP_DEFER_TASKRUN,
  IORING_SETUP_SINGLE_ISSUER,
  IORING_SETUP_SUBMIT_ALL,
  MAP_SHARED_POPULATE,
} from './abi.js'
import { ioUringEnter, ioUringSetup } from './system-calls.js'

const littleEndian = endianness() === 'LE'
const twoTo32 = 2 ** 32
const submissionBytes = 64
const submissionWords = submissionBytes / 4
const completionWords = 4
const parameterBytes = 120
/** Of a `struct io_uring_getevents_arg`. */
const waitBytes = 24

/** Bytes that `Ring.stage` offers. */
export const stageBytes = 320

/** Memory for a structure: `view[offset]` lies at `address`. */
export interface Stage {
  readonly view: DataView
  readonly offset: number
  readonly address: number
}

/** Not failures: the wait ended early, or the kernel asks to reap completions first (io_uring_enter(2)). */
const passing = new Set([ETIME, EINTR, EAGAIN, EBUSY])

// Best first. With DEFER_TASKRUN (Linux 6.1) the kernel works on requests only inside io_uring_enter(2), so nothing
// interrupts the thread and completions come in batches; with COOP_TASKRUN (5.19) at least nothing interrupts it.
const modes = [
  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN,
  IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN,
]

function setUp(submissions: number, completions: number, parameters: { address: number; view: DataView }): number {
  for (const mode of modes) {
    for (let at = 0; at < parameterBytes; at += 4) parameters.view.setUint32(at, 0)
    parameters.view.setUint32(4, completions, littleEndian)
    const flags = mode | IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP | IORING_SETUP_SUBMIT_ALL
    parameters.view.setUint32(8, flags, littleEndian)
    const fd = ioUringSetup(submissions, parameters.address)
    if (fd >= 0) return fd
    const error = errno()
    if (error !== EINVAL) throw SystemError.fromErrno('io_uring_setup', error)
  }
  throw new SystemError('io_uring_setup', 'EINVAL')
}

function mapShared(fd: number, bytes: number, offset: number): number {
  const address = mmap(0, bytes, 3, MAP_SHARED_POPULATE, fd, offset)
  if (typeof address !== 'number') throw SystemError.fromErrno('mmap', errno(), `${bytes} bytes of an io_uring`)
  return address
}

/**
 * An io_uring (io_uring(7)): its submission and completion queues, mapped and seen through typed arrays.
 *
 * Whoever pushes an entry promises that the memory it names stays where it is and unused by others until the
 * operation's last completion. Structures that the kernel copies while it takes the entry (socket addresses, vectors)
 * need to last only until then (IORING_FEAT_SUBMIT_STABLE): there is room for one beside each entry, see `stage`.
 */
export class Ring {
  readonly fd: number
  /** IORING_FEAT_* of this kernel. */
  readonly features: number
  /** IORING_SETUP_* that this ring was made with. */
  readonly flags: number
  /** The completion that `next` has taken: what was given to `push`, the result (a negative errno), IORING_CQE_F_*. */
  slot = 0
  kind = 0
  result = 0
  completionFlags = 0
  /** Calls of io_uring_enter(2) so far. */
  enters = 0
  readonly #submissionEntries: number
  readonly #submissionMask: number
  readonly #completionMask: number
  readonly #submissionTailAt: number
  readonly #completionHeadAt: number
  readonly #completionTailAt: number
  readonly #completionsAt: number
  readonly #mapped: { address: number; bytes: number }[] = []
  /** The rings' memory, in words; undefined after `close`, when it is no longer mapped. */
  #words: Int32Array
  #entries: Int32Array
  readonly #wait: { address: number; view: DataView }
  readonly #stages: { address: number; view: DataView }
  readonly #stage: { view: DataView; offset: number; address: number }
  #tail = 0
  #submitted = 0
  #head = 0
  #completionTail = 0

  /** Asks for so many entries; the kernel rounds up to powers of two. Throws a SystemError. */
  constructor(submissions: number, completions: number) {
    const parameters = mapScratch(parameterBytes)
    this.fd = setUp(submissions, completions, parameters)
    const word = (offset: number) => parameters.view.getUint32(offset, littleEndian)
    this.#submissionEntries = word(0)
    this.flags = word(8)
    this.features = word(20)
    const arrayAt = word(64)
    const completionsAt = word(100)
    const bytes = Math.max(arrayAt + this.#submissionEntries * 4, completionsAt + word(4) * completionWords * 4)
    // One mapping holds both rings (IORING_FEAT_SINGLE_MMAP, which `obstacleToUring` demands).
    this.#words = this.#map(bytes, IORING_OFF_SQ_RING)
    this.#entries = this.#map(this.#submissionEntries * submissionBytes, IORING_OFF_SQES)
    this.#submissionTailAt = word(44) >> 2
    this.#submissionMask = this.#submissionEntries - 1
    this.#completionHeadAt = word(80) >> 2
    this.#completionTailAt = word(84) >> 2
    this.#completionMask = word(4) - 1
    this.#completionsAt = completionsAt >> 2
    // The indirection from ring to entries is the identity, for ever.
    for (let entry = 0; entry < this.#submissionEntries; entry++) this.#words[(arrayAt >> 2) + entry] = entry
    this.#wait = mapScratch(waitBytes + timespecBytes)
    this.#stages = mapScratch(this.#submissionEntries * stageBytes)
    this.#stage = { view: this.#stages.view, offset: 0, address: 0 }
  }

  #map(bytes: number, offset: number): Int32Array {
    const address = mapShared(this.fd, bytes, offset)
    this.#mapped.push({ address, bytes })
    return new Int32Array(viewOf(address, bytes))
  }

  /** Entries that were pushed and not submitted yet. */
  get unsubmitted(): number {
    return (this.#tail - this.#submitted) | 0
  }

  /**
   * Appends an entry (`struct io_uring_sqe`), submitting what stands in the queue when it is full. `head` is the first
   * word: opcode, IOSQE_* << 8, ioprio << 16. `slot` and `kind` come back with each of its completions.
   */
  push(
    head: number,
    fd: number,
    offset: number,
    address: number,
    length: number,
    operationFlags: number,
    bufferGroup: number,
    kind: number,
    slot: number
  ): void {
    if (this.unsubmitted === this.#submissionEntries) this.submit()
    const at = (this.#tail & this.#submissionMask) * submissionWords
    const words = this.#entries
    words[at] = head
    words[at + 1] = fd
    words[at + 2] = offset
    words[at + 3] = 0
    words[at + 4] = address
    words[at + 5] = address / twoTo32
    words[at + 6] = length
    words[at + 7] = operationFlags
    words[at + 8] = slot
    words[at + 9] = kind
    // The words after this one are never written, and zero since the mapping was made.
    words[at + 10] = bufferGroup
    this.#tail = (this.#tail + 1) | 0
  }

  /** Where a structure of up to `stageBytes` can stand until the entry that is pushed next has been submitted. */
  stage(): Stage {
    if (this.unsubmitted === this.#submissionEntries) this.submit()
    const at = (this.#tail & this.#submissionMask) * stageBytes
    this.#stage.offset = at
    this.#stage.address = this.#stages.address + at
    return this.#stage
  }

  /** Submits what stands in the queue without waiting for anything. Throws a SystemError. */
  submit(): void {
    while (this.unsubmitted > 0) {
      const before = this.unsubmitted
      this.#enter(0, IORING_ENTER_GETEVENTS, 0)
      // No memory for requests (EAGAIN) is the one reason for which the kernel stops short, and it may pass.
      if (this.unsubmitted === before) throw SystemError.fromErrno('io_uring_enter', ENOMEM)
    }
  }

  /**
   * Submits everything and waits for a completion, up to `timeout` milliseconds (Infinity: for ever; 0 only looks).
   * Completions that found the queue full are kept by the kernel and come in now (IORING_FEAT_NODROP). Throws a
   * SystemError.
   */
  enter(timeout: number): void {
    this.#enter(timeout === 0 ? 0 : 1, IORING_ENTER_GETEVENTS, timeout)
  }

  #enter(complete: number, flags: number, timeout: number): void {
    const limited = complete > 0 && timeout !== Number.POSITIVE_INFINITY
    if (limited) this.#setTimeout(timeout)
    Atomics.store(this.#words, this.#submissionTailAt, this.#tail)
    this.enters++
    const count = ioUringEnter(
      this.fd,
      this.unsubmitted,
      complete,
      limited ? flags | IORING_ENTER_EXT_ARG : flags,
      limited ? this.#wait.address : 0,
      limited ? waitBytes : 0
    )
    if (count >= 0) {
      this.#submitted = (this.#submitted + count) | 0
      return
    }
    const error = errno()
    if (!passing.has(error)) throw SystemError.fromErrno('io_uring_enter', error)
  }

  /** A `struct io_uring_getevents_arg` without a signal mask, followed by the timespec that it points to. */
  #setTimeout(timeout: number): void {
    const { view, address } = this.#wait
    view.setUint32(16, address + waitBytes, littleEndian)
    view.setUint32(20, (address + waitBytes) / twoTo32, littleEndian)
    writeTimespec(view, waitBytes, timeout)
  }

  /** Looks how far the completions go now. `next` goes so far and no farther, which bounds a turn. */
  look(): void {
    this.#completionTail = Atomics.load(this.#words, this.#completionTailAt)
  }

  /** True when completions wait that `next` has not taken. */
  get hasCompletions(): boolean {
    return Atomics.load(this.#words, this.#completionTailAt) !== this.#head
  }

  /** Takes the next completion into `slot`, `kind`, `result` and `completionFlags`; false when there is none. */
  next(): boolean {
    if (this.#head === this.#completionTail) return false
    const words = this.#words
    const at = this.#completionsAt + (this.#head & this.#completionMask) * completionWords
    this.slot = words[at] as number
    this.kind = words[at + 1] as number
    this.result = words[at + 2] as number
    this.completionFlags = words[at + 3] as number
    this.#head = (this.#head + 1) | 0
    words[this.#completionHeadAt] = this.#head
    return true
  }

  /** Gives the ring back. No operation may be in flight, and nothing else may be called afterwards. */
  close(): void {
    close(this.fd)
    // Nobody can reach unmapped memory through these any more.
    this.#words = new Int32Array(0)
    this.#entries = new Int32Array(0)
    for (const { address, bytes } of this.#mapped.splice(0)) munmap(address, bytes)
  }
}
