import koffi from 'koffi'

// Addresses are declared uint64_t and passed as numbers: user-space addresses fit 47 bits, and a pointer type would
// make koffi allocate a BigInt for each call.
const libc = koffi.load(null)

export function declare<T extends (...args: never[]) => unknown>(
  name: string,
  result: string,
  parameters: string[]
): T {
  return libc.func(name, result, parameters) as unknown as T
}

/** mmap(2). Returns the address; failure, 2^64-1, is too large for a number and comes as a bigint. */
export const mmap = declare<
  (address: number, length: number, protection: number, flags: number, fd: number, offset: number) => number | bigint
>('mmap', 'uint64_t', ['uint64_t', 'size_t', 'int', 'int', 'int', 'int64_t'])

/** munmap(2) */
export const munmap = declare<(address: number, length: number) => number>('munmap', 'int', ['uint64_t', 'size_t'])

/** madvise(2) */
export const madvise = declare<(address: number, length: number, advice: number) => number>('madvise', 'int', [
  'uint64_t',
  'size_t',
  'int',
])

/** close(2) */
export const close = declare<(fd: number) => number>('close', 'int', ['int'])

/** read(2) */
export const read = declare<(fd: number, address: number, length: number) => number>('read', 'int64_t', [
  'int',
  'uint64_t',
  'size_t',
])

/** write(2) */
export const write = declare<(fd: number, address: number, length: number) => number>('write', 'int64_t', [
  'int',
  'uint64_t',
  'size_t',
])

/** socket(2) */
export const socket = declare<(domain: number, type: number, protocol: number) => number>('socket', 'int', [
  'int',
  'int',
  'int',
])

/** bind(2) */
export const bind = declare<(fd: number, address: number, length: number) => number>('bind', 'int', [
  'int',
  'uint64_t',
  'uint32_t',
])

/** listen(2) */
export const listen = declare<(fd: number, backlog: number) => number>('listen', 'int', ['int', 'int'])

/** connect(2) */
export const connect = declare<(fd: number, address: number, length: number) => number>('connect', 'int', [
  'int',
  'uint64_t',
  'uint32_t',
])

/** accept4(2) */
export const accept4 = declare<(fd: number, address: number, length: number, flags: number) => number>(
  'accept4',
  'int',
  ['int', 'uint64_t', 'uint64_t', 'int']
)

/** recv(2) */
export const recv = declare<(fd: number, address: number, length: number, flags: number) => number>('recv', 'int64_t', [
  'int',
  'uint64_t',
  'size_t',
  'int',
])

/** send(2) */
export const send = declare<(fd: number, address: number, length: number, flags: number) => number>('send', 'int64_t', [
  'int',
  'uint64_t',
  'size_t',
  'int',
])

/** pipe2(2); two ints come at the address: the end to read from, then the end to write to. */
export const pipe2 = declare<(ends: number, flags: number) => number>('pipe2', 'int', ['uint64_t', 'int'])

/** fcntl(2), of a command whose argument is an int. */
export const fcntl = declare<(fd: number, command: number, argument: number) => number>('fcntl', 'int', [
  'int',
  'int',
  'int',
])

/** splice(2) between descriptors that have no offset. */
export const splice = declare<
  (from: number, fromOffset: number, to: number, toOffset: number, length: number, flags: number) => number
>('splice', 'int64_t', ['int', 'uint64_t', 'int', 'uint64_t', 'size_t', 'uint32_t'])

/** shutdown(2) */
export const shutdown = declare<(fd: number, how: number) => number>('shutdown', 'int', ['int', 'int'])

/** setsockopt(2) */
export const setsockopt = declare<(fd: number, level: number, name: number, value: number, length: number) => number>(
  'setsockopt',
  'int',
  ['int', 'int', 'int', 'uint64_t', 'uint32_t']
)

/** getsockopt(2) */
export const getsockopt = declare<(fd: number, level: number, name: number, value: number, length: number) => number>(
  'getsockopt',
  'int',
  ['int', 'int', 'int', 'uint64_t', 'uint64_t']
)

/** getsockname(2) */
export const getsockname = declare<(fd: number, address: number, length: number) => number>('getsockname', 'int', [
  'int',
  'uint64_t',
  'uint64_t',
])

/** getpeername(2) */
export const getpeername = declare<(fd: number, address: number, length: number) => number>('getpeername', 'int', [
  'int',
  'uint64_t',
  'uint64_t',
])

/** inet_pton(3) */
export const inetPton = declare<(family: number, text: string, address: number) => number>('inet_pton', 'int', [
  'int',
  'str',
  'uint64_t',
])

/** inet_ntop(3) */
export const inetNtop = declare<(family: number, source: number, target: number, size: number) => string>(
  'inet_ntop',
  'str',
  ['int', 'uint64_t', 'uint64_t', 'uint32_t']
)

/** eventfd(2) */
export const eventfd = declare<(initial: number, flags: number) => number>('eventfd', 'int', ['uint32_t', 'int'])

/** epoll_create1(2) */
export const epollCreate1 = declare<(flags: number) => number>('epoll_create1', 'int', ['int'])

/** epoll_ctl(2) */
export const epollCtl = declare<(epollFd: number, operation: number, fd: number, event: number) => number>(
  'epoll_ctl',
  'int',
  ['int', 'int', 'int', 'uint64_t']
)

/** epoll_wait(2); the timeout is in milliseconds, -1 for ever. */
export const epollWait = declare<(epollFd: number, events: number, maximum: number, timeout: number) => number>(
  'epoll_wait',
  'int',
  ['int', 'uint64_t', 'int', 'int']
)

/** prctl(2) */
export const prctl = declare<
  (operation: number, second: number, third: number, fourth: number, fifth: number) => number
>('prctl', 'int', ['int', 'uint64_t', 'uint64_t', 'uint64_t', 'uint64_t'])

/** syscall(2), for calls that return an int and that not every C library has a function for. */
export const systemCall = declare<
  (number: number, first: number, second: number, third: number, fourth: number, fifth: number, sixth: number) => number
>('syscall', 'int', ['int64_t', 'uint64_t', 'uint64_t', 'uint64_t', 'uint64_t', 'uint64_t', 'uint64_t'])

/** errno(3) of the last call on this thread; ask straight after the call that failed. */
export const errno: () => number = koffi.errno

/** The bytes at an address, as the process sees them. The memory must outlive the view. */
export function viewOf(address: number, length: number): ArrayBuffer {
  return koffi.view(BigInt(address), length)
}

/**
 * Where a view's first byte lies. The memory must stay referenced while the address is in use, and must not be a
 * small array that the collector may move: buffers of 64 KiB and more, `WebAssembly.Memory` and mapped memory stay put.
 */
export function addressOf(view: Uint8Array): number {
  return Number(koffi.address(view))
}
