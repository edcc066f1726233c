import { kvCounters } from './kv-counters.js'
import type { KvTools } from './kv-worker.js'

/** What `version` and `stats` say. */
export const version = '0.1.0'

/** The answer to `stats`: counters of all workers. What memcached has and this server has not, is not there. */
export function generalStats({ context, store, storeSize, started }: KvTools): string {
  const { pid, counters } = context
  const now = Date.now()
  const values: [name: string, value: string | number][] = [
    ['pid', pid],
    ['uptime', Math.floor((now - started) / 1000)],
    ['time', Math.floor(now / 1000)],
    ['version', version],
    ['pointer_size', 64],
    ['curr_connections', counters.total('accepted') - counters.total('ended')],
    ['total_connections', counters.total('accepted')],
    ...kvCounters.map(name => [name, counters.total(name)] as [string, number]),
    ['bytes_read', counters.total('bytesIn')],
    ['bytes_written', counters.total('bytesOut')],
    ['limit_maxbytes', storeSize],
    ['threads', counters.workers],
    ['bytes', store.bytes],
    ['curr_items', store.count],
  ]
  return `${values.map(([name, value]) => `STAT ${name} ${value}\r\n`).join('')}END`
}

/** The answer to `stats settings`. */
export function settingsStats({ context, maxValue, storeSize }: KvTools): string {
  const values: [name: string, value: string | number][] = [
    ['maxbytes', storeSize],
    ['evictions', 'off'],
    ['cas_enabled', 'yes'],
    ['item_size_max', maxValue],
    ['num_threads', context.counters.workers],
  ]
  return `${values.map(([name, value]) => `STAT ${name} ${value}\r\n`).join('')}END`
}
