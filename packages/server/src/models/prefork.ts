import { loadDescriptors } from 'reactor'
import type { PreforkSettings, StartModel } from './model.js'
import { openListeners } from './open-listeners.js'
import { WorkerPool } from './prefork/worker-pool.js'
import { WorkerCounters } from './worker-counters.js'
import { WorkerNews, WorkerServer } from './worker-server.js'

/**
 * Processes that all accept from the same listening sockets, which they have inherited, and each serve one connection
 * at a time, with calls that block: as many clients as there are processes are served at once, whatever they do or do
 * not do, and the next waits. A process that dies takes its own connection with it and nothing else. When the parent
 * dies, they end at once.
 */
export const startPrefork: StartModel<PreforkSettings> = async (settings, service, onReport) => {
  const descriptors = await loadDescriptors()
  const { closeDescriptor, createSharedMemory } = descriptors
  const listeners = await openListeners(service, descriptors)
  const { name } = service.protocol
  const memory = createSharedMemory('sluice-counters', WorkerCounters.bytes(name, settings.maxWorkers))
  const counters = new WorkerCounters(name, settings.maxWorkers, memory.buffer)
  const news = new WorkerNews(onReport)
  const inherited = [memory.fd, ...listeners.descriptors]
  const crew = new WorkerPool({
    ...{ settings, service, counters, inherited },
    onEvent: event => news.take(event),
    onClose: () => {
      for (const descriptor of inherited) closeDescriptor(descriptor)
    },
  })
  try {
    await crew.start()
  } catch (error) {
    crew.order({ kind: 'end' })
    await crew.ended
    throw error
  }
  return new WorkerServer({ model: 'prefork', host: service.host, ports: listeners.ports, counters, crew }, news)
}
