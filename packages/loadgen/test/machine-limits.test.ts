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

test('ports: for each target, or where addresses are named for each of them, whatever the targets', () => {
  const clients = 2 * ports
  const targets = [local(8001), local(8002)]
  assert.match(problems({ workload: 'idle', clients }), /connections to one target need as many local ports/)
  assert.not.match(problems({ workload: 'idle', clients, targets }), /local ports/)
  const sourceAddresses = ['127.0.0.2']
  assert.match(problems({ workload: 'idle', clients, targets, sourceAddresses }), /from one address need/)
  const two = ['127.0.0.2', '127.0.0.3']
  assert.not.match(problems({ workload: 'idle', clients, targets, sourceAddresses: two }), /local ports/)
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
