import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { IdlePlan } from '../src/index.js'
import { resolvePlan } from '../src/registry.js'
import { sourceAddressesOf } from '../src/run/source-addresses.js'
import { local } from './with-server.js'

const test = suite('source addresses')

const addresses = (clients: number, more: Partial<IdlePlan> = {}) =>
  sourceAddressesOf(resolvePlan({ workload: 'idle', targets: [local(8001)], seed: 1, clients, ...more }))

test('the kernel chooses where one address is enough', () => {
  assert.equal(addresses(12_000), [])
  assert.equal(addresses(24_000, { targets: [local(8001), local(8002)] }), [])
  assert.equal(addresses(24_000, { segment: { index: 1, count: 2 } }), [])
})

test('many connections to loopback are spread over addresses of it, others in each run', () => {
  const some = addresses(18_000)
  assert.is(some.length, 3)
  assert.ok(some.every(address => /^127\.\d+\.\d+\.[1-9]\d*$/.test(address)))
  assert.is(new Set(Array.from({ length: 20 }, () => addresses(18_000)[0])).size > 1, true)
})

test('what was named is taken, and for targets elsewhere the kernel chooses', () => {
  assert.equal(addresses(18_000, { sourceAddresses: ['127.0.0.9'] }), ['127.0.0.9'])
  assert.equal(addresses(18_000, { targets: [{ host: '192.0.2.1', port: 1 }] }), [])
})

test.run()
