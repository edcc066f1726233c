import { formatSize } from 'command-line'
import type { ServerCase } from '../case.js'

/** Bytes as fast as they come back, in equal shares over some connections. */
function stream(connections: number): ServerCase {
  return {
    role: 'server',
    name: `stream-${connections}`,
    group: 'stream',
    title: ({ bytes }) => `Bytes per second: ${formatSize(bytes)} there and back over ${streams(connections)}`,
    metric: { name: 'bytes', unit: 'bytes per second', better: 'higher' },
    also: [],
    cpuFor: 'GiB',
    connections: () => connections,
    async measure(run) {
      const load = ['stream', '--connections', `${connections}`, '--bytes', `${run.scale.bytes}`]
      await run.warmUp(load)
      return run.drive(load, ({ bytes, seconds }) => ({ values: { bytes: bytes / seconds } }))
    },
  }
}

function streams(count: number): string {
  return count === 1 ? 'one stream' : `${count} streams`
}

export const streamCases: readonly ServerCase[] = [stream(1), stream(8)]
