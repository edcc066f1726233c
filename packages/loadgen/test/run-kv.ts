import * as assert from 'uvu/assert'
import { type KvPlan, type LoadReport, startLoad } from '../src/index.js'
import { local } from './with-server.js'

export type KvOptions = Partial<Omit<KvPlan, 'workload'>>

/** Runs a kv load of 2,000 requests to its end. */
export async function runKv(port: number, options: KvOptions = {}): Promise<LoadReport> {
  const plan: KvPlan = {
    ...{ workload: 'kv', targets: [local(port)], seed: 5, connections: 8, keys: 200, requests: 2_000 },
    ...options,
  }
  return (await startLoad(plan)).report
}

/** Every reply was right, and all of them were counted. */
export function checkRight(report: LoadReport, requests: number, keys: number): void {
  const { kv, messages, received, verified, verdict, failures } = report
  assert.is(verdict, 'ok', failures[0]?.message)
  assert.is(messages?.echoed, requests)
  assert.is(verified, received)
  assert.is((kv?.sets ?? 0) + (kv?.hits ?? 0) + (kv?.misses ?? 0), requests)
  assert.is(kv?.preloaded, keys)
}
