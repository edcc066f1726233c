import { loadDescriptors } from 'reactor'
import type { StartModel, ThreadedSettings } from './model.js'
import { openListeners } from './open-listeners.js'
import type { AcceptingThreadData } from './threaded/accepting-thread.js'
import { ConnectionQueue } from './threaded/connection-queue.js'
import type { ServingThreadData } from './threaded/serving-thread.js'
import { ThreadCrew } from './threads/thread-crew.js'
import { WorkerThread } from './threads/worker-thread.js'
import { WorkerCounters } from './worker-counters.js'
import { WorkerNews, WorkerServer } from './worker-server.js'

/**
 * One thread accepts and puts connections into a bounded queue; each of N threads takes one and serves it through its
 * whole life, with calls that block. While N clients are being served, the next waits, whatever they do or do not do:
 * clients that say nothing, or do not read, can occupy all threads, and the idle timeout is the only limit.
 */
export const startThreaded: StartModel<ThreadedSettings> = async ({ workers, queue: capacity }, service, onReport) => {
  const descriptors = await loadDescriptors()
  const listeners = await openListeners(service, descriptors)
  const { name } = service.protocol
  const memory = new SharedArrayBuffer(WorkerCounters.bytes(name, workers))
  const shared = { queue: ConnectionQueue.allocate(capacity), capacity }
  const queue = new ConnectionQueue(shared.queue, capacity)
  const news = new WorkerNews(onReport)
  const start = <Data>(module: string, data: Data) =>
    WorkerThread.start<Data>({
      module: new URL(`./threaded/${module}.js`, import.meta.url),
      data,
      descriptors,
      onEvent: event => news.take(event),
    })
  const starting: Promise<WorkerThread>[] = []
  for (let worker = 1; worker <= workers; worker++) {
    const data: ServingThreadData = { service, worker, workers, counters: memory, ...shared }
    starting.push(start('serving-thread', data))
  }
  try {
    await Promise.all(starting)
    // Only when there is somebody to serve them.
    starting.push(start<AcceptingThreadData>('accepting-thread', { listeners: listeners.descriptors, ...shared }))
    await starting.at(-1)
  } catch (error) {
    queue.close()
    for (const { status, value } of (await Promise.allSettled(starting)) as PromiseFulfilledResult<WorkerThread>[]) {
      if (status === 'fulfilled') value.order({ kind: 'end' })
    }
    for (const listener of listeners.descriptors) descriptors.closeDescriptor(listener)
    throw error
  }
  const threads = await Promise.all(starting)
  const crew = new ThreadCrew(threads, workers, order => {
    if (order.kind === 'end') queue.close()
    // It may be waiting for room, and is to close the listeners before there is some.
    else queue.callProducer()
  })
  const counters = new WorkerCounters(name, workers, memory)
  return new WorkerServer({ model: 'threaded', host: service.host, ports: listeners.ports, counters, crew }, news)
}
