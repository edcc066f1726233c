import { loadDescriptors } from 'reactor'
import { Acceptor } from '../blocking/acceptor.js'
import { Duty } from '../blocking/duty.js'
import { serveWorkerThread } from '../threads/thread-boss.js'
import { ConnectionQueue } from './connection-queue.js'

/** What the thread that accepts is started with. It owns the listeners from then on. */
export interface AcceptingThreadData {
  readonly listeners: readonly number[]
  readonly queue: SharedArrayBuffer
  readonly capacity: number
}

const descriptors = await loadDescriptors()

await serveWorkerThread<AcceptingThreadData>(descriptors, async ({ listeners, queue: memory, capacity }, boss) => {
  const queue = new ConnectionQueue(memory, capacity)
  const duty = new Duty(boss, descriptors)
  const acceptor = new Acceptor(listeners, duty, descriptors, report => boss.tell({ kind: 'report', report }))
  return () => {
    for (let fd = acceptor.next(); fd !== undefined; fd = acceptor.next()) {
      if (!queue.push(fd, () => duty.takeOrders())) descriptors.closeDescriptor(fd)
    }
    queue.close()
    acceptor.close()
  }
})
