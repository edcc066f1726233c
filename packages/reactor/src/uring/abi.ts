import { constants } from 'node:os'

// The binary interface of io_uring (io_uring_setup(2), io_uring_enter(2), io_uring_register(2)): the same values on
// every architecture.

export const { EBUSY, ECANCELED, EINVAL, ETIME } = constants.errno

export const SYS_io_uring_setup = 425
export const SYS_io_uring_enter = 426
export const SYS_io_uring_register = 427

export const IORING_OFF_SQ_RING = 0
export const IORING_OFF_SQES = 0x10000000

export const IORING_SETUP_CQSIZE = 1 << 3
export const IORING_SETUP_CLAMP = 1 << 4
export const IORING_SETUP_SUBMIT_ALL = 1 << 7
export const IORING_SETUP_COOP_TASKRUN = 1 << 8
export const IORING_SETUP_SINGLE_ISSUER = 1 << 12
export const IORING_SETUP_DEFER_TASKRUN = 1 << 13

export const IORING_FEAT_SINGLE_MMAP = 1 << 0
export const IORING_FEAT_NODROP = 1 << 1
export const IORING_FEAT_SUBMIT_STABLE = 1 << 2
export const IORING_FEAT_FAST_POLL = 1 << 5
export const IORING_FEAT_EXT_ARG = 1 << 8
export const IORING_FEAT_CQE_SKIP = 1 << 11

export const IORING_ENTER_GETEVENTS = 1 << 0
export const IORING_ENTER_EXT_ARG = 1 << 3

export const IORING_REGISTER_PROBE = 8
export const IORING_REGISTER_PBUF_RING = 22
export const IO_URING_OP_SUPPORTED = 1 << 0
export const IOU_PBUF_RING_INC = 2

export const IORING_OP_POLL_ADD = 6
export const IORING_OP_SENDMSG = 9
export const IORING_OP_ACCEPT = 13
export const IORING_OP_ASYNC_CANCEL = 14
export const IORING_OP_CONNECT = 16
export const IORING_OP_SEND = 26
export const IORING_OP_RECV = 27
export const IORING_OP_SEND_ZC = 47

export const IOSQE_BUFFER_SELECT = 1 << 5
export const IOSQE_CQE_SKIP_SUCCESS = 1 << 6

export const IORING_ACCEPT_MULTISHOT = 1 << 0
export const IORING_RECV_MULTISHOT = 1 << 1
export const IORING_POLL_ADD_MULTI = 1 << 0

export const IORING_CQE_F_BUFFER = 1 << 0
export const IORING_CQE_F_MORE = 1 << 1
export const IORING_CQE_F_BUF_MORE = 1 << 4
export const IORING_CQE_BUFFER_SHIFT = 16

export const MAP_SHARED_POPULATE = 0x8001
