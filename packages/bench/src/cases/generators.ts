import { exitCode, Failure, formatCount, formatSize } from 'command-line'
import type { LoadCase, Scale } from '../case.js'
import type { LoadRun, MessageLoad } from '../contenders/contender.js'

const connections = 64
const size = 64

/** Messages a second: far less than any generator or server can do. */
const rate = 5_000

const group = 'generators'

const requests: LoadCase = {
  ...{ role: 'load', name: 'generate-requests', group, cpuFor: 'million messages', also: [] },
  title: () =>
    `Load generators, requests per second: ${connections} connections, messages of ${formatSize(size)}, one in flight on each`,
  metric: { name: 'requests', unit: 'per second', better: 'higher' },
  suits: launch => launch.requests !== undefined,
  measure: run =>
    run.drive(offered(run.launch.requests?.(run.port, messageLoad(run.scale))), result => ({
      requests: result.messages / result.seconds,
    })),
}

const fixedRate: LoadCase = {
  ...{ role: 'load', name: 'generate-fixed-rate', group, cpuFor: 'million messages' },
  title: () =>
    `Load generators, latency from when a message was due: ${formatCount(rate)} messages of ${formatSize(size)} a second over ${connections} connections`,
  metric: { name: 'p99', unit: 'milliseconds', better: 'lower' },
  also: [
    { name: 'p50', unit: 'milliseconds', better: 'lower' },
    { name: 'p99.9', unit: 'milliseconds', better: 'lower' },
  ],
  suits: launch => launch.fixedRate !== undefined,
  measure: run =>
    run.drive(offered(run.launch.fixedRate?.(run.port, { ...messageLoad(run.scale), rate })), ({ latency }) => {
      if (latency === undefined) throw new Failure('measured no latency', exitCode.checkFailed)
      return { p99: latency.p99, p50: latency.p50, 'p99.9': latency.p999 }
    }),
}

/** Times of the scale are in milliseconds. */
function messageLoad({ warmUp, duration }: Scale): MessageLoad {
  return { connections, size, warmUp: warmUp / 1000, seconds: duration / 1000 }
}

const stream: LoadCase = {
  ...{ role: 'load', name: 'generate-stream', group, cpuFor: 'GiB', also: [] },
  title: ({ bytes }) => `Load generators, bytes per second: ${formatSize(bytes)} there and back over one stream`,
  metric: { name: 'bytes', unit: 'bytes per second', better: 'higher' },
  suits: launch => launch.stream !== undefined,
  measure: run =>
    run.drive(offered(run.launch.stream?.(run.port, { bytes: run.scale.bytes })), result => ({
      bytes: result.bytes / result.seconds,
    })),
}

function offered(run: LoadRun | undefined): LoadRun {
  if (run === undefined) throw new Failure('has no load of this kind', exitCode.checkFailed)
  return run
}

export const generatorCases: readonly LoadCase[] = [requests, fixedRate, stream]
