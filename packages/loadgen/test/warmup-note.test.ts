import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { LoadPlan } from '../src/plan.js'
import { resolvePlan } from '../src/registry.js'
import { warmupNote } from '../src/run/warmup-note.js'

const test = suite('note on the warm-up')

const note = (plan: Readonly<Record<string, unknown>>) =>
  warmupNote(resolvePlan({ targets: [{ host: '127.0.0.1', port: 9000 }], seed: 1, ...plan } as unknown as LoadPlan))

test('messages that are timed without a warm-up are said to contain the beginning', () => {
  const pingPong = { workload: 'ping-pong', connections: 4 }
  assert.match(note(pingPong) ?? '', /^no --warmup: /)
  assert.match(note({ ...pingPong, duration: 500, rate: { from: 100, to: 100 } }) ?? '', /^no --warmup: /)
  assert.is(note({ ...pingPong, warmup: 1 }), undefined)
  assert.is(note({ ...pingPong, requests: 10 }), undefined)
})

test('where no messages are timed there is nothing to say', () => {
  assert.is(note({ workload: 'idle', clients: 4, duration: 100 }), undefined)
  assert.is(note({ workload: 'stream', duration: 100 }), undefined)
  assert.is(note({ workload: 'crowd', clients: 4 }), undefined)
})

test.run()
