import { endianness } from 'node:os'
import { MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_NONBLOCK } from '../linux/constants.js'
import {
  IORING_ACCEPT_MULTISHOT,
  IORING_OP_ACCEPT,
  IORING_OP_ASYNC_CANCEL,
  IORING_OP_CONNECT,
  IORING_OP_POLL_ADD,
  IORING_OP_RECV,
  IORING_OP_SEND,
  IORING_OP_SENDMSG,
  IORING_POLL_ADD_MULTI,
  IORING_RECV_MULTISHOT,
  IOSQE_BUFFER_SELECT,
  IOSQE_CQE_SKIP_SUCCESS,
} from './abi.js'
import type { Outgoing } from './outgoing.js'
import { type Ring, stageBytes } from './ring.js'

// What a completion belongs to: the upper half of its user data. The lower half is the owner's slot.
export const accepting = 1
export const connecting = 2
export const receiving = 3
export const sending = 4
export const watching = 5
export const waking = 6
export const awaitingRoom = 7
const cancelling = 8

const twoTo32 = 2 ** 32
const littleEndian = endianness() === 'LE'

const headerBytes = 56
const vectorBytes = 16
const mostRanges = Math.floor((stageBytes - headerBytes) / vectorBytes)

const acceptHead = IORING_OP_ACCEPT | (IORING_ACCEPT_MULTISHOT << 16)
const receiveHead = IORING_OP_RECV | (IOSQE_BUFFER_SELECT << 8)
const receiveMultishotHead = receiveHead | (IORING_RECV_MULTISHOT << 16)
const cancelHead = IORING_OP_ASYNC_CANCEL | (IOSQE_CQE_SKIP_SUCCESS << 8)

/** One completion, with a descriptor that does not block, for each connection; until an error, or until it is cancelled. */
export function pushAccept(ring: Ring, fd: number, slot: number): void {
  ring.push(acceptHead, fd, 0, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK, 0, accepting, slot)
}

/** Connects to the address of `length` bytes in `target`, which is copied. */
export function pushConnect(ring: Ring, fd: number, target: DataView, length: number, slot: number): void {
  const { view, offset, address } = ring.stage()
  for (let byte = 0; byte < length; byte++) view.setUint8(offset + byte, target.getUint8(byte))
  ring.push(IORING_OP_CONNECT, fd, length, address, 0, 0, 0, connecting, slot)
}

/** Receives once, at most `length` bytes (and at most one buffer), into a buffer of `group`. */
export function pushReceive(ring: Ring, fd: number, group: number, length: number, slot: number): void {
  ring.push(receiveHead, fd, 0, 0, length, 0, group, receiving, slot)
}

/** Receives into buffers of `group` again and again, until the end, an error, want of buffers, or cancellation. */
export function pushReceiveMultishot(ring: Ring, fd: number, group: number, slot: number): void {
  ring.push(receiveMultishotHead, fd, 0, 0, 0, 0, group, receiving, slot)
}

/**
 * Sends as many of the bytes as there is room for, once there is any. The bytes must not change nor go away before the
 * completion. Not MSG_WAITALL: of a send that is broken off by an error the kernel would report the bytes and lose the
 * error, and whoever receives would take the reset for an orderly end.
 */
export function pushSend(ring: Ring, fd: number, address: number, length: number, slot: number): void {
  ring.push(IORING_OP_SEND, fd, 0, address, length, MSG_NOSIGNAL, 0, sending, slot)
}

/** The same for several ranges, or as many of them as fit: one `struct msghdr` (sendmsg(2)) and its vector. */
export function pushSendRanges(ring: Ring, fd: number, outgoing: Outgoing, slot: number): void {
  const { view, offset, address } = ring.stage()
  const count = Math.min(mostRanges, outgoing.ranges)
  for (let at = 0; at < headerBytes; at += 4) view.setUint32(offset + at, 0)
  setAddress(view, offset + 16, address + headerBytes)
  view.setUint32(offset + 24, count, littleEndian)
  for (let index = 0; index < count; index++) {
    const at = offset + headerBytes + index * vectorBytes
    setAddress(view, at, outgoing.addressOf(index))
    setAddress(view, at + 8, outgoing.lengthOf(index))
  }
  ring.push(IORING_OP_SENDMSG, fd, 0, address, 1, MSG_NOSIGNAL, 0, sending, slot)
}

function setAddress(view: DataView, at: number, address: number): void {
  view.setUint32(at, address, littleEndian)
  view.setUint32(at + 4, address / twoTo32, littleEndian)
}

/** One completion, when an event of `mask` (poll(2)) is there: at once when it is there already. */
export function pushPoll(ring: Ring, fd: number, mask: number, kind: number, slot: number): void {
  ring.push(IORING_OP_POLL_ADD, fd, 0, 0, 0, mask, 0, kind, slot)
}

/** A completion each time that an event of `mask` (poll(2)) comes up; errors, hang-ups and the peer's end always count. */
export function pushPollMultishot(ring: Ring, fd: number, mask: number, kind: number, slot: number): void {
  ring.push(IORING_OP_POLL_ADD, fd, 0, 0, IORING_POLL_ADD_MULTI, mask, 0, kind, slot)
}

/**
 * Cancels the operation of this kind and slot. Its own last completion tells when it has ended, and how: it may have
 * succeeded before the cancellation found it.
 */
export function pushCancel(ring: Ring, kind: number, slot: number): void {
  ring.push(cancelHead, -1, 0, kind * twoTo32 + slot, 0, 0, 0, cancelling, slot)
}
