import { readFileSync } from 'node:fs'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { LoadPlan } from '../src/index.js'
import { Problems } from '../src/problems.js'
import { resolvePlan } from '../src/registry.js'
import { backlogNote, checkMachineLimits } from '../src/run/machine-limits.js'
import { local } from './with-server.js'

const test = suite('machine limits')

const numbersIn = (file: string) => readFileSync(file, 'utf8').match(/\d+/g)?.map(Number) ?? []
const [backlog = 0] = numbersIn('/proc/sys/net/core/somaxconn')
const [first = 0, last = 0] = numbersIn('/proc/sys/net/ipv4/ip_local_port_range')
const ports = last - first + 1

function problems(plan: Partial<LoadPlan>): string {
  const found = new Problems()
  checkMachineLimits(resolvePlan({ targets: [local(8001)], seed: 1, ...plan } as LoadPlan), found)
  return found.list.join('; ')
}

test('what fits is let through', () => {
  assert.is(problems({ workload: 'idle', clients: 100 }), '')
  assert.is(problems({ workload: 'churn', rate: { from: 100, to: 100 } }), '')
})

test('ports: each source address has all of them for each target', () => {
  const idle = (rounds: number, more: Partial<LoadPlan> = {}) =>
    problems({ workload: 'idle', clients: Math.ceil(rounds * ports), ...more } as Partial<LoadPlan>)
  const targets = [local(8001), local(8002)]
  const sourceAddresses = ['127.0.0.2', '127.0.0.3']
  const [one] = sourceAddresses as [string]
  assert.match(idle(2), /connections to one target need as many local ports/)
  assert.not.match(idle(2, { targets }), /local ports/)
  assert.match(idle(2.1, { targets }), /to one target need/)
  assert.match(idle(1.1, { sourceAddresses: [one] }), /from one address to one target need/)
  assert.not.match(idle(2, { targets, sourceAddresses: [one] }), /local ports/)
  assert.match(idle(2.1, { targets, sourceAddresses: [one] }), /from one address to one target need/)
  assert.not.match(idle(4, { targets, sourceAddresses }), /local ports/)
  assert.match(idle(4.1, { targets, sourceAddresses }), /from one address to one target need/)
  // The same twice is no second one.
  assert.match(idle(1.1, { targets: [local(8001), local(8001)] }), /local ports/)
  assert.match(idle(1.1, { sourceAddresses: [one, one] }), /local ports/)
})

test('ports on engine node: each source address has them once, whatever the targets', () => {
  const targets = [local(8001), local(8002)]
  const more: Partial<LoadPlan> = { targets, sourceAddresses: ['127.0.0.2', '127.0.0.3'], engine: 'node' }
  const idle = (rounds: number) =>
    problems({ workload: 'idle', clients: Math.ceil(rounds * ports), ...more } as Partial<LoadPlan>)
  assert.not.match(idle(2), /local ports/)
  assert.match(idle(2.1), /from one address need/)
})

test('ports of a segment: those of the pairs of address and target that it has', () => {
  const idle = (segments: number, rounds: number, sourceAddresses: string[] = []) =>
    problems({
      ...{ workload: 'idle', targets: [local(8001), local(8002)], sourceAddresses },
      ...{ clients: Math.ceil(rounds * ports * segments), segment: { index: 1, count: segments } },
    })
  // Every second connection goes to the same target.
  assert.match(idle(2, 1.1), /to one target need/)
  assert.not.match(idle(3, 2), /local ports/)
  assert.match(idle(2, 2.1, ['127.0.0.2', '127.0.0.3']), /from one address to one target need/)
  assert.not.match(idle(2, 2, ['127.0.0.2', '127.0.0.3']), /local ports/)
  assert.match(idle(4, 1.1, ['127.0.0.2', '127.0.0.3']), /from one address to one target need/)
})

test('ports in TIME_WAIT: no faster than they come back, unless connections end by RST', () => {
  const rate = { from: 1, to: 40 * ports }
  assert.match(problems({ workload: 'churn', duration: 1_000, rate }), /TIME_WAIT/)
  assert.not.match(problems({ workload: 'churn', duration: 1_000, rate, rst: true }), /TIME_WAIT/)
  // One share of so many is slow enough even where ports are held for a minute.
  const segment = { index: 1, count: 40 * 60 }
  assert.not.match(problems({ workload: 'churn', duration: 1_000, rate, clients: segment.count, segment }), /TIME_WAIT/)
})

test('a crowd that no backlog holds is let through, with a note', () => {
  const crowd = (clients: number, connectRate: number) =>
    backlogNote(resolvePlan({ workload: 'crowd', targets: [local(8001)], seed: 1, clients, connectRate }))
  assert.is(crowd(backlog, 0), undefined)
  assert.is(crowd(backlog + 1, 1_000), undefined)
  assert.match(crowd(backlog + 1, 0) as string, /net\.core\.somaxconn.*--connect-rate/)
})

test.run()
