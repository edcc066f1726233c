import { loadDescriptors } from 'reactor'
import type { ServerReport } from '../../server-messages.js'
import { LoopWorker } from '../epoll/loop-worker.js'
import { WorkerCounters } from '../worker-counters.js'
import { countersDescriptor, listenersOf, type WorkerSetup } from './inheritance.js'
import type { ProcessBoss } from './process-boss.js'

/** A worker process's work: several connections at once, on an event loop, until it is ordered to end. */
export async function serve(setup: WorkerSetup, boss: ProcessBoss): Promise<void> {
  const { worker, maxWorkers: workers, minSpare, connections, service } = setup
  const { mapSharedMemory } = await loadDescriptors()
  const { name } = service.protocol
  const memory = mapSharedMemory(countersDescriptor, WorkerCounters.bytes(name, workers))
  const counters = new WorkerCounters(name, workers, memory)
  // To have as many connections as it may is nothing to warn of here, but a reason to look for spare workers.
  const onReport = (report: ServerReport) => {
    if (report.kind !== 'full') boss.tell({ kind: 'report', report })
    else if (counters.isShort(minSpare, connections)) boss.tell({ kind: 'few-spare' })
  }
  const loop = await LoopWorker.start(
    {
      module: new URL('../../server-thread.js', import.meta.url),
      engine: 'epoll',
      onReport,
      onStopAsked: remoteAddress => boss.tell({ kind: 'stop-asked', remoteAddress }),
    },
    {
      ...{ ...service, worker, workers, counters: countersDescriptor, listeners: listenersOf(service) },
      ...{ maxConnections: connections, reusePort: false, tellsEachFull: true, workBlocks: false },
    }
  )
  boss.tell({ kind: 'ready' })
  let stopping: Promise<void> | undefined
  const stop = async (grace: number) => {
    const report = await loop.stop(grace)
    boss.tell({ kind: 'stopped', report })
  }
  boss.listen(order => {
    if (order.kind === 'end') process.exit()
    // Only who serves nobody is retired.
    stopping ??= stop(order.kind === 'stop' ? order.grace : Number.POSITIVE_INFINITY)
  })
  await loop.ended
  await stopping
}
