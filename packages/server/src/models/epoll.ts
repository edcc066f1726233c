import { chooseEngine, type EngineChoice, type EngineName, loadDescriptors } from 'reactor'
import type { RunningServer } from '../server.js'
import type { ServerReport, ServerThreadData } from '../server-messages.js'
import { StartError } from '../start-error.js'
import { LoopServer } from './epoll/loop-server.js'
import { LoopWorker, type LoopWorkerOptions } from './epoll/loop-worker.js'
import type { EpollSettings } from './model.js'
import { openListeners } from './open-listeners.js'
import type { Service } from './service.js'
import { WorkerCounters } from './worker-counters.js'

/**
 * Every connection on one event loop, which never blocks: a client that does nothing costs nothing, and one that does
 * not read costs a threshold of memory. With more loops than one, each has listening sockets of its own on the same
 * ports, and the kernel spreads the connections over them by a hash of their addresses.
 */
export async function startEpoll(
  { loops }: EpollSettings,
  service: Service,
  onReport: (report: ServerReport) => void,
  engine: EngineName | 'auto' = 'auto'
): Promise<RunningServer> {
  const choice = await engineFor(engine)
  if (loops > 1) await checkSharing(choice, service)
  const memory = new SharedArrayBuffer(WorkerCounters.bytes(service.protocol.name, loops))
  let onStopAsked!: (remoteAddress: string) => void
  const stopAsked = new Promise<string>(resolve => {
    onStopAsked = resolve
  })
  const options: LoopWorkerOptions = {
    ...{ engine: choice.engine, onReport, onStopAsked },
    module: new URL('../server-thread.js', import.meta.url),
  }
  const workers: LoopWorker[] = []
  try {
    for (let worker = 1; worker <= loops; worker++) {
      const data: ServerThreadData = {
        ...service,
        // Where the kernel chose for the first, the others follow.
        ports: workers[0]?.ports ?? service.ports,
        maxConnections: shareOf(service.maxConnections, worker, loops),
        ...{ worker, workers: loops, counters: memory, reusePort: loops > 1, tellsEachFull: false, workBlocks: false },
      }
      workers.push(await LoopWorker.start(options, data))
    }
  } catch (error) {
    await Promise.all(workers.map(worker => worker.abort()))
    throw error
  }
  return new LoopServer({ model: 'epoll', choice, host: service.host, stopAsked }, workers)
}

async function engineFor(wanted: EngineName | 'auto'): Promise<EngineChoice> {
  try {
    return await chooseEngine(wanted)
  } catch (error) {
    throw new StartError((error as Error).message, { cause: error })
  }
}

/** Rejects where ports cannot be shared, and when others are there already: they would share with us. */
async function checkSharing({ engine }: EngineChoice, service: Service): Promise<void> {
  if (engine === 'node') throw new StartError('engine node cannot share ports among loops; use --loops 1')
  const descriptors = await loadDescriptors()
  const { descriptors: listeners } = await openListeners(service, descriptors)
  for (const listener of listeners) descriptors.closeDescriptor(listener)
}

/** A worker's part of a total that is shared out evenly, at least 1. */
function shareOf(total: number, worker: number, workers: number): number {
  if (total === Number.POSITIVE_INFINITY) return total
  return Math.max(1, Math.floor(total / workers) + (worker <= total % workers ? 1 : 0))
}
