import { constants } from 'node:os'

// The values of Linux's generic ABI: the same on x86-64 and arm64.

export const { EAGAIN, EINTR, EINPROGRESS, EMFILE, ENFILE, ENOBUFS, ENOMEM, EINVAL, ENOSYS, EPERM } = constants.errno

export const AF_INET = 2
export const AF_INET6 = 10
export const SOCK_STREAM = 1
export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = 0o2000000

export const SOL_SOCKET = 1
export const SO_REUSEADDR = 2
export const SO_ERROR = 4
export const SO_SNDBUF = 7
export const SO_RCVBUF = 8
export const SO_LINGER = 13
export const SO_REUSEPORT = 15
export const IPPROTO_IP = 0
export const IP_BIND_ADDRESS_NO_PORT = 24
export const IPPROTO_TCP = 6
export const TCP_NODELAY = 1
export const IPPROTO_IPV6 = 41
export const IPV6_V6ONLY = 26

export const SHUT_WR = 1
export const MSG_NOSIGNAL = 0x4000

export const O_NONBLOCK = SOCK_NONBLOCK
export const O_CLOEXEC = SOCK_CLOEXEC
export const F_SETPIPE_SZ = 1031
export const SPLICE_F_NONBLOCK = 2

export const EPOLL_CTL_ADD = 1
export const EPOLL_CTL_DEL = 2
export const EPOLLIN = 0x001
export const EPOLLPRI = 0x002
export const EPOLLOUT = 0x004
export const EPOLLERR = 0x008
export const EPOLLHUP = 0x010
export const EPOLLRDHUP = 0x2000
export const EPOLLET = 1 << 31
export const EPOLL_CLOEXEC = SOCK_CLOEXEC
export const EFD_NONBLOCK = SOCK_NONBLOCK
export const EFD_CLOEXEC = SOCK_CLOEXEC

export const PROT_READ_WRITE = 3
export const MAP_PRIVATE_ANONYMOUS = 0x22
export const MADV_DONTNEED = 4
export const MADV_HUGEPAGE = 14

export const PR_SET_TIMERSLACK = 29
export const SYS_epoll_pwait2 = 441
