import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { sleep } from '../client.js'
import { withServerProcess } from '../server-process.js'
import { cpuTimeOf } from './processes.js'

const test = suite('an idle model costs no CPU', { timeLimit: 60_000 })

const models: readonly (readonly string[])[] = [
  ['epoll', '--loops', '2'],
  ['single'],
  ['prefork', '--workers', '3', '--max-workers', '6'],
  ['prefork', '--workers', '2', '--connections-per-worker', '10'],
  ['threaded', '--workers', '3', '--queue', '2'],
  ['ring', '--slots', '2'],
]

/** How long it is watched, in milliseconds. */
const watched = 1500
const attempts = 4

for (const model of models) {
  test(`${model.join(' ')}: with clients that say nothing, and one that does not read`, () =>
    withServerProcess(['--pipe-threshold', '64k', '--model', ...model], async ({ server, connect }) => {
      for (let number = 0; number < 12; number++) await connect()
      const stalled = await connect()
      await stalled.writeUntilStuck(Buffer.alloc(65_536), 400)
      // What the runtime does of itself when it has just started, and collects its garbage, is none of the model's.
      let least = Number.POSITIVE_INFINITY
      for (let attempt = 0; attempt < attempts && least > 10; attempt++) {
        const before = await cpuTimeOf(server.pid)
        await sleep(watched)
        least = Math.min(least, (await cpuTimeOf(server.pid)) - before)
      }
      assert.ok(least <= 10, `${least} ms of CPU time in ${watched} ms`)
    }))
}

test.run()
