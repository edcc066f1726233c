import { formatCount, formatSize } from 'command-line'
import type { Metric, ServerCase } from '../case.js'

const perSecond: Metric = { name: 'requests', unit: 'per second', better: 'higher' }
const p99: Metric = { name: 'p99', unit: 'milliseconds', better: 'lower' }

/** Closed loop: each connection sends its next message when the reply to an earlier one has come back. */
function requests(connections: number, size: number, pipeline = 1): ServerCase {
  const group = pipeline === 1 ? 'requests' : 'pipelined'
  const clients = connections === 1 ? '1 connection' : `${formatCount(connections)} connections`
  return {
    role: 'server',
    name: `${group}-${connections}x${size === 4096 ? '4k' : size}`,
    group,
    title: () =>
      `Requests per second: ${clients}, messages of ${formatSize(size)}, ${pipeline} in flight on each connection`,
    metric: perSecond,
    also: [p99],
    cpuFor: 'million messages',
    connections: () => connections,
    measure: run =>
      run.drive(
        [
          ...['requests', '--connections', `${connections}`, '--size', `${size}`, '--pipeline', `${pipeline}`],
          ...['--warmup', `${run.scale.warmUp / 1000}`, '--duration', `${run.scale.duration / 1000}`],
        ],
        ({ messages, seconds, latency }) => ({
          values: { requests: messages / seconds, p99: (latency?.p99 ?? Number.NaN) / 1e6 },
        })
      ),
  }
}

export const requestCases: readonly ServerCase[] = [
  requests(1, 64),
  requests(64, 64),
  requests(1000, 64),
  requests(1, 4096),
  requests(64, 4096),
  requests(1000, 4096),
  requests(64, 64, 16),
]
