import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { LoadPlan } from '../src/plan.js'
import { resolvePlan } from '../src/registry.js'
import type { Lag } from '../src/report.js'
import { bottleneckOf } from '../src/run/generator-cost.js'

const test = suite('whether loadgen was the limit')

const plan = (options: { connections?: number; threads?: number } = {}) =>
  resolvePlan({
    ...{ workload: 'ping-pong', targets: [{ host: '127.0.0.1', port: 9000 }], seed: 1, connections: 64 },
    ...options,
  } as LoadPlan)

const kept: Lag = { scheduled: 10_000, late: 10, lateness: 1, longest: 9.4, total: 40, unsent: 0 }

test('a thread with time left is none', () => {
  assert.is(bottleneckOf([60, 89], plan(), undefined), undefined)
  assert.is(bottleneckOf([], plan(), undefined), undefined)
  assert.is(bottleneckOf([100], plan(), kept), undefined)
})

test('a busy thread is, and the remedy can be followed', () => {
  assert.match(bottleneckOf([99], plan(), undefined) ?? '', /used 99 % of a core.*\(try --threads 2\)/)
  assert.match(bottleneckOf([99, 98], plan({ threads: 2 }), undefined) ?? '', /try more than 2 threads/)
  assert.match(
    bottleneckOf([99], plan({ connections: 1 }), undefined) ?? '',
    /try more connections, and more --threads/
  )
})

test('what was due and never sent is told, with the cause', () => {
  const lag = { ...kept, unsent: 30_000 }
  assert.match(
    bottleneckOf([100], plan(), lag) ?? '',
    /^30,000 of 40,000 that were due were never sent, and no latency tells of them; a load thread used 100 %/
  )
  assert.match(bottleneckOf([20], plan(), lag) ?? '', /no connection was free: the server was too slow/)
  assert.is(bottleneckOf([20], plan(), { ...kept, unsent: 100 }), undefined)
})

test('a schedule that was not kept is told', () => {
  assert.is(
    bottleneckOf([20], plan(), { ...kept, late: 200 }),
    '200 of 10,000 were begun more than 1 ms late, by up to 9.4 ms: loadgen did not keep its schedule'
  )
})

test.run()
