import { loadDescriptors } from 'reactor'
import { serveWorkerThread } from '../threads/thread-boss.js'
import { Reader } from './reader.js'
import type { RingShape } from './ring-shape.js'

/** What the thread that reads is started with. It owns the listeners from then on. */
export interface ReadingThreadData {
  readonly shape: RingShape
  readonly listeners: readonly number[]
  readonly ports: readonly number[]
}

const descriptors = await loadDescriptors()

await serveWorkerThread<ReadingThreadData>(descriptors, async (data, boss) => {
  const reader = new Reader({
    ...data,
    descriptors,
    ordersFd: boss.fd,
    onOrders: () => {
      for (const { kind } of boss.takeOrders()) {
        if (kind === 'end') reader.stop()
        else reader.drain()
      }
    },
    // It has none of its own to count: whose connections they are is the other thread.
    onDrained: () => boss.tell({ kind: 'stopped', report: { open: 0, cutOff: 0, lostBytes: 0 } }),
    report: report => boss.tell({ kind: 'report', report }),
  })
  return () => reader.run()
})
