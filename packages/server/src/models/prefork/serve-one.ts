import { loadDescriptors } from 'reactor'
import { Acceptor } from '../blocking/acceptor.js'
import { BlockingWorker } from '../blocking/blocking-worker.js'
import { WorkerCounters } from '../worker-counters.js'
import { countersDescriptor, listenersOf, type WorkerSetup } from './inheritance.js'
import type { ProcessBoss } from './process-boss.js'

/** A worker process's work: one connection at a time, with calls that block, until it is ordered to end. */
export async function serve(setup: WorkerSetup, boss: ProcessBoss): Promise<void> {
  const { worker, maxWorkers: workers, minSpare, service } = setup
  const descriptors = await loadDescriptors()
  const { name } = service.protocol
  const memory = descriptors.mapSharedMemory(countersDescriptor, WorkerCounters.bytes(name, workers))
  const counters = new WorkerCounters(name, workers, memory)
  const row = counters.table.row(worker)
  const server = await BlockingWorker.open({ worker, workers, service, counters: row, boss, descriptors })
  const acceptor = new Acceptor(listenersOf(service), server.duty, descriptors, report => server.report(report))
  boss.tell({ kind: 'ready' })
  server.run(acceptor, () => {
    if (counters.isShort(minSpare, 1)) boss.tell({ kind: 'few-spare' })
  })
}
