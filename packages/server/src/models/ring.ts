import { loadDescriptors } from 'reactor'
import { LoopServer } from './epoll/loop-server.js'
import { LoopWorker } from './epoll/loop-worker.js'
import type { RingSettings, StartModel } from './model.js'
import { openListeners } from './open-listeners.js'
import type { AnsweringThreadData } from './ring/answering-thread.js'
import type { ReadingThreadData } from './ring/reading-thread.js'
import { allocateRing } from './ring/ring-shape.js'
import { RingWorker } from './ring/ring-worker.js'
import { WorkerThread } from './threads/worker-thread.js'
import { WorkerCounters } from './worker-counters.js'
import { WorkerNews } from './worker-server.js'

/** Connections that there can be at once, unless fewer are asked for: each costs a few words. */
const mostConnections = 65_536

/**
 * Two threads joined by a ring of slots that is allocated once. One accepts, and reads into the next free slot; the
 * other takes each slot, does what the protocol says, and writes the answer. Nobody waits for a slow client: what it
 * does not take is kept for it, up to the threshold, and then it is no longer read. Work (`--delay`) blocks the thread
 * that answers, and with it all clients, though not their connecting and sending.
 */
export const startRing: StartModel<RingSettings> = async ({ slots, slotSize }, service, onReport) => {
  const descriptors = await loadDescriptors()
  const listeners = await openListeners(service, descriptors)
  const connections = Math.min(mostConnections, service.maxConnections)
  const { shape, free } = allocateRing({ slots, slotSize, connections }, descriptors)
  const news = new WorkerNews(onReport)
  let onDrained!: () => void
  const drained = new Promise<void>(resolve => {
    onDrained = resolve
  })
  const reader = WorkerThread.start<ReadingThreadData>({
    module: new URL('./ring/reading-thread.js', import.meta.url),
    data: { shape, listeners: listeners.descriptors, ports: listeners.ports },
    descriptors,
    onEvent: event => {
      if (event.kind === 'stopped') onDrained()
      else news.take(event)
    },
  })
  const answerer = LoopWorker.start<AnsweringThreadData>(
    {
      module: new URL('./ring/answering-thread.js', import.meta.url),
      engine: 'epoll',
      onReport,
      onStopAsked: remoteAddress => news.take({ kind: 'stop-asked', remoteAddress }),
    },
    {
      ...{
        ...service,
        ports: listeners.ports,
        reusePort: false,
        tellsEachFull: false,
        workBlocks: true,
        worker: 1,
        workers: 1,
        shape,
      },
      counters: new SharedArrayBuffer(WorkerCounters.bytes(service.protocol.name, 1)),
    }
  )
  try {
    const worker = new RingWorker(await reader, await answerer, drained, free)
    const { host } = service
    return new LoopServer({ model: 'ring', choice: undefined, host, stopAsked: news.stopAsked }, [worker])
  } catch (error) {
    // Whichever of the two has started has to end again; the reader closes the listeners.
    await answerer.then(thread => thread.abort()).catch(() => {})
    await reader.then(thread => end(thread)).catch(() => {})
    free()
    throw error
  }
}

async function end(thread: WorkerThread): Promise<void> {
  thread.order({ kind: 'end' })
  await thread.ended
}
