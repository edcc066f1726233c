import type { RegionAllocator } from './arena.js'
import type { EngineName, Loop } from './loop.js'

export interface LoopOptions {
  /** Where buffers come from, when not from the engine's own memory. */
  allocateRegion?: RegionAllocator
  /** An eventfd(2) that wakes the loop, where the starter wants to own it. Default: the loop makes its own. */
  wakeToken?: number
}

/** Makes a loop of the given engine on this thread. Throws when this machine cannot run it: ask `chooseEngine` first. */
export async function createLoop(engine: EngineName, options: LoopOptions = {}): Promise<Loop> {
  if (engine === 'epoll') {
    const { EpollLoop } = await import('./epoll/epoll-loop.js')
    return new EpollLoop(options)
  }
  if (engine === 'uring') {
    const { UringLoop } = await import('./uring/uring-loop.js')
    return new UringLoop(options)
  }
  const { NodeLoop } = await import('./node/node-loop.js')
  return NodeLoop.create(options)
}

/** What it takes to hand memory that was allocated elsewhere to the kernel. */
export interface Addressing {
  /** Where the view's first byte lies. The memory must not move or be freed while the address is in use. */
  addressOf(view: Uint8Array): number
  /** Asks for huge pages under `length` bytes at `address` (madvise(2)); advice only. */
  adviseHugePages(address: number, length: number): void
}

/** For callers of `allocateRegion`. Rejects where koffi does not load: there, only engine `node` works anyway. */
export async function loadAddressing(): Promise<Addressing> {
  const [{ addressOf }, { adviseHugePages }] = await Promise.all([
    import('./linux/libc.js'),
    import('./linux/mapped-memory.js'),
  ])
  return { addressOf, adviseHugePages }
}

/** The calls of a server that waits for its descriptors itself. */
export type Descriptors = typeof import('./linux/descriptors.js')

/** For servers without a loop. Rejects where koffi does not load. */
export async function loadDescriptors(): Promise<Descriptors> {
  return await import('./linux/descriptors.js')
}

export interface EngineChoice {
  readonly engine: EngineName
  /** Why it is not the engine that was preferred; undefined when it is. */
  readonly reason: string | undefined
}

/**
 * The engine to use: the one that is asked for, or for `auto` the first of `epoll`, `node` that works here. Where
 * `uring` is asked for and forbidden, as it often is in containers, it is `epoll`.
 * Throws an Error that says why when the one that was asked for cannot work.
 */
export async function chooseEngine(wanted: EngineName | 'auto'): Promise<EngineChoice> {
  if (wanted === 'node') return { engine: 'node', reason: undefined }
  if (wanted === 'uring') return await chooseUring()
  const obstacle = await obstacleToEpoll()
  if (obstacle === undefined) return { engine: 'epoll', reason: undefined }
  if (wanted === 'epoll') throw new Error(`engine epoll cannot run here: ${obstacle}`)
  return { engine: 'node', reason: `epoll cannot run here: ${obstacle}` }
}

async function chooseUring(): Promise<EngineChoice> {
  const obstacle = (await obstacleToEpoll()) ?? (await import('./uring/obstacle.js')).obstacleToUring()
  if (obstacle === undefined) return { engine: 'uring', reason: undefined }
  const { engine } = await chooseEngine('auto')
  return { engine, reason: `uring cannot run here: ${obstacle}` }
}

async function obstacleToEpoll(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `it needs Linux, this is ${process.platform}`
  try {
    await import('./linux/libc.js')
    return undefined
  } catch (error) {
    return `the foreign-function interface (koffi) does not load: ${(error as Error).message.split('\n')[0]}`
  }
}
