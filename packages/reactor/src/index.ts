export { Arena, Block, type Region, type RegionAllocator } from './arena.js'
export {
  type Addressing,
  chooseEngine,
  createLoop,
  type Descriptors,
  type EngineChoice,
  type LoopOptions,
  loadAddressing,
  loadDescriptors,
} from './create-loop.js'
export type { TcpStream } from './linux/tcp-stream.js'
export type {
  ConnectOptions,
  EngineName,
  Listener,
  ListenOptions,
  Loop,
  Socket,
  SocketHandler,
  SocketOptions,
  Timer,
  UnseenBytes,
} from './loop.js'
export {
  LoopThread,
  type LoopThreadOptions,
  type LoopThreadServing,
  type LoopThreadSetup,
  serveLoopThread,
} from './loop-thread.js'
export { type Ready, ReadyQueue } from './ready-queue.js'
export { RingBuffer } from './ring-buffer.js'
export { SystemError } from './system-error.js'
export { TimerHeap } from './timer-heap.js'
