import type { Metric, StoreCase } from '../case.js'

const perSecond: Metric = { name: 'requests', unit: 'per second', better: 'higher' }
const [p50, p99]: readonly Metric[] = ['p50', 'p99'].map(name => ({ name, unit: 'milliseconds', better: 'lower' }))

/** Closed loop over 64 connections and 10,000 keys, all of which are set before: gets and sets, all verified. */
function store(name: string, title: string, args: readonly string[]): StoreCase {
  return {
    ...{ role: 'store', name, group: 'kv', metric: perSecond, cpuFor: 'million messages' },
    also: [p50 as Metric, p99 as Metric],
    title: () => `Requests per second to a key-value store, 64 connections: ${title}`,
    measure: run =>
      run.drive([...args, '--expect-hits'], ({ messages, seconds, p50, p99 }) => ({
        ...{ requests: messages / seconds, p50, p99 },
      })),
  }
}

export const storeCases: readonly StoreCase[] = [
  store('kv-9to1', '9 gets to 1 set, values of 32 bytes', []),
  store('kv-1to1', '1 get to 1 set, values of 32 bytes', ['--ratio', '1:1']),
  store('kv-zipf-4k', "9 gets to 1 set by Zipf's law, values of 4 KiB", [
    ...['--distribution', 'zipf:0.99', '--value-size', '4k'],
  ]),
]
