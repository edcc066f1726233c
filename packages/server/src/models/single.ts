import { loadDescriptors } from 'reactor'
import type { SingleSettings, StartModel } from './model.js'
import { openListeners } from './open-listeners.js'
import type { SingleThreadData } from './single/single-thread.js'
import { ThreadCrew } from './threads/thread-crew.js'
import { WorkerThread } from './threads/worker-thread.js'
import { WorkerCounters } from './worker-counters.js'
import { WorkerNews, WorkerServer } from './worker-server.js'

/**
 * One thread that accepts a connection, serves it to its end, and only then accepts the next. A client that says
 * nothing, or does not read, keeps all others waiting: that is this model's nature, and the idle timeout its only limit.
 */
export const startSingle: StartModel<SingleSettings> = async (_settings, service, onReport) => {
  const descriptors = await loadDescriptors()
  const listeners = await openListeners(service, descriptors)
  const memory = new SharedArrayBuffer(WorkerCounters.bytes(service.protocol.name, 1))
  const counters = new WorkerCounters(service.protocol.name, 1, memory)
  const news = new WorkerNews(onReport)
  try {
    const thread = await WorkerThread.start<SingleThreadData>({
      module: new URL('./single/single-thread.js', import.meta.url),
      data: { service, listeners: listeners.descriptors, counters: memory },
      descriptors,
      onEvent: event => news.take(event),
    })
    const crew = new ThreadCrew([thread], 1)
    return new WorkerServer({ model: 'single', host: service.host, ports: listeners.ports, counters, crew }, news)
  } catch (error) {
    for (const listener of listeners.descriptors) descriptors.closeDescriptor(listener)
    throw error
  }
}
