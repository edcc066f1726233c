// What a server needs that makes its calls itself, without a loop.

import type { ListenOptions } from '../loop.js'
import { close } from './libc.js'
import { openListening } from './open-socket.js'
import { localPortOf, peerOf, peerText } from './socket-address.js'

export { EpollEvents } from '../epoll/epoll-events.js'
export { clearEventFd, closeEventFd, createEventFd, signalEventFd } from './event-fd.js'
export { lockFile } from './file-lock.js'
export { viewOf } from './libc.js'
export { mapRegion } from './mapped-memory.js'
export { Poller, pollEvents } from './poller.js'
export { createSharedMemory, mapSharedMemory, type SharedMemory } from './shared-memory.js'
export { localPortOf } from './socket-address.js'
export { resetOnClose, takeSocketError } from './socket-options.js'
export { acceptDescriptor, notNow, receiveInto, sendFrom, shutdownWriting, TcpStream } from './tcp-stream.js'

/** A listening socket that never blocks, and its port. Throws a SystemError. */
export function openListener(options: ListenOptions): { fd: number; port: number } {
  const fd = openListening(options)
  return { fd, port: localPortOf(fd) }
}

/** The peer of a connected socket as `host:port`; an empty string when it is gone. */
export function remoteAddressOf(fd: number): string {
  return peerText(peerOf(fd))
}

/** close(2) */
export function closeDescriptor(fd: number): void {
  close(fd)
}
