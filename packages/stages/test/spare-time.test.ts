import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { SpareTime } from '../src/spare-time.js'

const test = suite('spare time', { timeLimit: 20_000 })

test('a machine on which every core is used has none', async () => {
  const burners = Array.from({ length: 2 * availableParallelism() }, () => new Worker('for (;;);', { eval: true }))
  try {
    await Promise.all(burners.map(burner => new Promise(resolve => burner.once('online', resolve))))
    const spareTime = new SpareTime()
    await sleep(1_000)
    assert.is(spareTime.wasShort, true)
  } finally {
    await Promise.all(burners.map(burner => burner.terminate()))
  }
})

test.run()
