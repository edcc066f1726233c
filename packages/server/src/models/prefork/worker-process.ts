import { loadDescriptors } from 'reactor'
import { Acceptor } from '../blocking/acceptor.js'
import { BlockingWorker } from '../blocking/blocking-worker.js'
import { WorkerCounters } from '../worker-counters.js'
import { countersDescriptor, firstListener, type WorkerSetup } from './inheritance.js'
import { ProcessBoss } from './process-boss.js'

// Ctrl-C goes to the whole process group; the parent decides what it means.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

const boss = new ProcessBoss()
const setup = boss.readSetup()
if (setup !== undefined) {
  try {
    await work(setup)
  } catch (error) {
    if ((error as Error).name !== 'StartError') throw error
    boss.tell({ kind: 'failed', message: (error as Error).message })
  }
}
// Whatever a protocol may still have open must not keep an ended worker alive.
process.exit()

async function work({ worker, maxWorkers, minSpare, service }: WorkerSetup): Promise<void> {
  process.title = `server: worker ${worker}`
  const descriptors = await loadDescriptors()
  const { name } = service.protocol
  const memory = descriptors.mapSharedMemory(countersDescriptor, WorkerCounters.bytes(name, maxWorkers))
  const counters = new WorkerCounters(name, maxWorkers, memory)
  const row = counters.table.row(worker)
  const server = await BlockingWorker.open({ worker, workers: maxWorkers, service, counters: row, boss, descriptors })
  const listeners = service.ports.map((_port, index) => firstListener + index)
  const acceptor = new Acceptor(listeners, server.duty, descriptors, report => server.report(report))
  boss.tell({ kind: 'ready' })
  server.run(acceptor, () => {
    if (counters.isShort(minSpare)) boss.tell({ kind: 'few-spare' })
  })
}
