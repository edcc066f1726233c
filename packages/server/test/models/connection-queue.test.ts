import { Worker } from 'node:worker_threads'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { ConnectionQueue } from '../../src/models/threaded/connection-queue.js'
import type { QueueConsumerData } from '../fixtures/queue-consumer.js'

const test = suite('the queue between threads', { timeLimit: 30_000 })

const nobody = () => {}

test('gives in the order in which it took, across its seam, and ends when it is closed and empty', () => {
  const queue = new ConnectionQueue(ConnectionQueue.allocate(3), 3)
  for (let round = 0; round < 10; round++) {
    for (let item = 0; item < 3; item++) assert.ok(queue.push(round * 3 + item, nobody))
    assert.is(queue.length, 3)
    for (let item = 0; item < 3; item++) assert.is(queue.pop(), round * 3 + item)
  }
  queue.push(7, nobody)
  queue.close()
  assert.is(queue.push(8, nobody), false)
  assert.is(queue.pop(), 7)
  assert.is(queue.pop(), undefined)
})

test('a producer that waits for room can be called away', () => {
  const queue = new ConnectionQueue(ConnectionQueue.allocate(1), 1)
  queue.push(1, nobody)
  let looks = 0
  const taken = queue.push(2, () => {
    // It looks before each time that it would wait: now it is called for another reason.
    if (++looks === 1) queue.callProducer()
    else queue.close()
  })
  assert.is(taken, false)
  assert.is(looks, 2)
})

test('many threads take: each item comes once, none is lost, and all end', async () => {
  const capacity = 4
  const items = 20_000
  const memory = ConnectionQueue.allocate(capacity)
  const seen = new Int32Array(new SharedArrayBuffer(items * Int32Array.BYTES_PER_ELEMENT))
  const data: QueueConsumerData = { memory, capacity, seen }
  const module = new URL('../fixtures/queue-consumer.js', import.meta.url)
  const consumers = Array.from({ length: 4 }, () => new Worker(module, { workerData: data }))
  const ended = consumers.map(consumer => new Promise<number>(resolve => consumer.once('exit', resolve)))
  const queue = new ConnectionQueue(memory, capacity)
  // The main thread may not wait for long, and here it never has to: the consumers do not need it.
  for (let item = 0; item < items; item++) {
    queue.push(item, nobody)
    assert.ok(queue.length <= capacity)
  }
  queue.close()
  assert.equal(await Promise.all(ended), [0, 0, 0, 0])
  assert.ok(
    seen.every(count => count === 1),
    'each exactly once'
  )
})

test.run()
