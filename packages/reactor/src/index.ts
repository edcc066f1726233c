export { Arena, Block, type Region, type RegionAllocator } from './arena.js'
export {
  type Addressing,
  chooseEngine,
  createLoop,
  type EngineChoice,
  type LoopOptions,
  loadAddressing,
} from './create-loop.js'
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
} from './loop.js'
export { LoopThread, type LoopThreadOptions, type LoopThreadSetup, serveLoopThread } from './loop-thread.js'
export { RingBuffer } from './ring-buffer.js'
export { SystemError } from './system-error.js'
