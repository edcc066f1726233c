import { loadDescriptors } from 'reactor'
import { BlockingWorker } from '../blocking/blocking-worker.js'
import type { Service } from '../service.js'
import { serveWorkerThread } from '../threads/thread-boss.js'
import { WorkerCounters } from '../worker-counters.js'
import { ConnectionQueue } from './connection-queue.js'

/** What each thread that serves is started with. */
export interface ServingThreadData {
  readonly service: Service
  /** Counted from 1. */
  readonly worker: number
  readonly workers: number
  readonly counters: SharedArrayBuffer
  readonly queue: SharedArrayBuffer
  readonly capacity: number
}

const descriptors = await loadDescriptors()

await serveWorkerThread<ServingThreadData>(descriptors, async (data, boss) => {
  const { service, worker, workers } = data
  const { table } = new WorkerCounters(service.protocol.name, workers, data.counters)
  const queue = new ConnectionQueue(data.queue, data.capacity)
  const server = await BlockingWorker.open({ worker, workers, service, counters: table.row(worker), boss, descriptors })
  // Orders may have come while it waited for a connection.
  return () => server.run({ next: () => queue.pop() }, () => server.duty.takeOrders())
})
