import { UsageError } from 'command-line'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { resolveModel } from '../../src/models/model-options.js'
import { run } from '../server-process.js'

const test = suite('the options of the models', { timeLimit: 20_000 })

type Options = Parameters<typeof resolveModel>[0]

function refused(options: Options, message: RegExp): void {
  assert.throws(
    () => resolveModel(options),
    (error: unknown) => error instanceof UsageError && message.test(error.message)
  )
}

const one = { connectionsPerWorker: 1 }

test('each model has its defaults', () => {
  assert.equal(resolveModel({}), { name: 'epoll', loops: 1 })
  assert.equal(resolveModel({ model: 'single' }), { name: 'single' })
  assert.equal(resolveModel({ model: 'prefork' }), { name: 'prefork', workers: 5, maxWorkers: 5, minSpare: 1, ...one })
  assert.equal(resolveModel({ model: 'threaded' }), { name: 'threaded', workers: 5, queue: 128 })
  assert.equal(resolveModel({ model: 'ring' }), { name: 'ring', slots: 64, slotSize: 65_536 })
})

test('the sizes of a pool go together', () => {
  const pool = (options: Options) => resolveModel({ model: 'prefork', ...options })
  assert.equal(pool({ workers: 8 }), { name: 'prefork', workers: 8, maxWorkers: 8, minSpare: 1, ...one })
  assert.equal(pool({ maxWorkers: 3 }), { name: 'prefork', workers: 3, maxWorkers: 3, minSpare: 1, ...one })
  const large = pool({ maxWorkers: 50, minSpare: 4, connectionsPerWorker: 125 })
  assert.equal(large, { name: 'prefork', workers: 5, maxWorkers: 50, minSpare: 4, connectionsPerWorker: 125 })
  refused({ model: 'prefork', workers: 9, maxWorkers: 8 }, /--workers 9 is more than --max-workers 8/)
  refused({ model: 'prefork', minSpare: 9, maxWorkers: 8 }, /--min-spare 9 is more than --max-workers 8/)
})

test('an option of another model is refused, and the message says whose it is', () => {
  refused({ workers: 2 }, /--workers is for --model prefork or threaded, and the model is epoll/)
  refused({ model: 'threaded', minSpare: 2 }, /--min-spare is for --model prefork,/)
  refused({ model: 'ring', loops: 2 }, /--loops is for --model epoll,/)
  refused({ model: 'single', engine: 'node' }, /--engine is for --model epoll,/)
  refused({ model: 'prefork', maxConnections: 9 }, /--max-connections is for --model epoll or ring,/)
  assert.equal(resolveModel({ model: 'single', engine: 'auto' }), { name: 'single' })
})

test('a ring that no machine has the memory for is refused', () => {
  refused(
    { model: 'ring', slots: 65_536, slotSize: 1024 ** 2 },
    /--slots 65536 of --slot-size 1 MiB make a ring of 64 GiB; expected at most 1 GiB/
  )
})

test('on the command line: one line, and 2', async () => {
  const { code, stdout, stderr } = await run(['--model', 'threaded', '--slots', '4'])
  assert.is(code, 2)
  assert.is(stdout, '')
  assert.match(stderr, /^server: --slots is for --model ring, and the model is threaded[^\n]*\n$/)
})

test.run()
