import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { parseTargets } from '../src/common-options.js'
import { type LoadPlan, startLoad } from '../src/index.js'
import { resolvePlan, workloads } from '../src/registry.js'

const test = suite('plans')

const targets = [{ host: '127.0.0.1', port: 8001 }]

test('targets are read in every form', () => {
  assert.equal(parseTargets('8001'), targets)
  assert.equal(
    parseTargets('localhost:8001-8003').map(({ host, port }) => `${host} ${port}`),
    ['localhost 8001', 'localhost 8002', 'localhost 8003']
  )
  assert.equal(
    parseTargets('[::1]:1,9-10').map(({ host, port }) => `${host} ${port}`),
    ['::1 1', '::1 9', '::1 10']
  )
  for (const bad of ['', 'x', '0', '70000', '8001-', ':', 'a:b:1', '::1:80', '8001-8004:']) {
    assert.throws(
      () => parseTargets(bad),
      (error: Error) => error.name === 'UsageError',
      bad
    )
  }
})

test('a resolved plan leaves nothing open, survives JSON, and resolves to itself', () => {
  const plans: LoadPlan[] = [
    { workload: 'ping-pong', targets, seed: 1, rate: { from: 10, to: 20 } },
    { workload: 'kv', targets, seed: 1, distribution: { shape: 'zipf', exponent: 0.99 } },
    { workload: 'stream', targets, seed: 1, size: 100 },
    { workload: 'strings', targets, seed: 1, clients: 5, messages: 2, size: { minimum: 1, maximum: 9 } },
    { workload: 'churn', targets, seed: 1 },
    { workload: 'crowd', targets, seed: 1, clients: 5 },
    { workload: 'idle', targets, seed: 1, clients: 5 },
    { workload: 'slow', targets, seed: 1, how: 'read', clients: 5 },
    { workload: 'vanish', targets, seed: 1, clients: 5, how: 'rst' },
  ]
  assert.equal(
    plans.map(({ workload }) => workload),
    workloads.map(({ name }) => name)
  )
  for (const plan of plans) {
    const resolved = resolvePlan(plan)
    assert.equal(JSON.parse(JSON.stringify(resolved)), resolved)
    assert.equal(resolvePlan(resolved), resolved)
    assert.ok(Object.values(resolved).every(value => value !== undefined))
  }
})

test('everything that is wrong with a plan is told at once', async () => {
  const plan: LoadPlan = { workload: 'stream', targets: [], seed: -1, noRead: true, readLater: 5, connections: -2 }
  try {
    await startLoad(plan)
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).name, 'UsageError')
    for (const part of ['no target', 'seed', 'exclude each other', 'connections']) {
      assert.match((error as Error).message, part)
    }
  }
})

test('numbers that are none are refused', () => {
  const nonsense = fc.constantFrom(Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY)
  const numeric = [
    'size',
    'connections',
    'readLater',
    'rateLimit',
    'duration',
    'connectTimeout',
    'stallTimeout',
    'connectRate',
  ]
  fc.assert(
    fc.property(fc.constantFrom(...numeric), nonsense, (name, value) => {
      const plan = { workload: 'stream', targets, seed: 1, size: 100, [name]: value } as LoadPlan
      assert.throws(() => resolvePlan(plan), new RegExp(name))
    })
  )
})

test('an unknown workload is refused', () => {
  const plan = { workload: 'flood', targets, seed: 1 } as unknown as LoadPlan
  assert.throws(
    () => resolvePlan(plan),
    /'flood' does not exist; expected one of ping-pong, kv, stream, strings, churn, crowd, idle, slow, vanish/
  )
})

test.run()
