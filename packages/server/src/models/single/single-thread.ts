import { loadDescriptors } from 'reactor'
import { Acceptor } from '../blocking/acceptor.js'
import { BlockingWorker } from '../blocking/blocking-worker.js'
import type { Service } from '../service.js'
import { serveWorkerThread } from '../threads/thread-boss.js'
import { WorkerCounters } from '../worker-counters.js'

/** What the one worker is started with. It owns the listeners from then on. */
export interface SingleThreadData {
  readonly service: Service
  readonly listeners: readonly number[]
  readonly counters: SharedArrayBuffer
}

const descriptors = await loadDescriptors()

await serveWorkerThread<SingleThreadData>(descriptors, async ({ service, listeners, counters }, boss) => {
  const { table } = new WorkerCounters(service.protocol.name, 1, counters)
  const worker = await BlockingWorker.open({
    worker: 1,
    workers: 1,
    service,
    counters: table.row(1),
    boss,
    descriptors,
  })
  const acceptor = new Acceptor(listeners, worker.duty, descriptors, report => worker.report(report))
  return () => {
    worker.run(acceptor)
    acceptor.close()
  }
})
