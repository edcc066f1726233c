import { exitCode, Failure, formatSize } from 'command-line'
import type { LoadCase } from '../case.js'
import type { LoadRun } from '../contenders/contender.js'

const connections = 64
const size = 64

const group = 'generators'

const requests: LoadCase = {
  ...{ role: 'load', name: 'generate-requests', group, cpuFor: 'million messages', also: [] },
  title: () =>
    `Load generators, requests per second: ${connections} connections, messages of ${formatSize(size)}, one in flight on each`,
  metric: { name: 'requests', unit: 'per second', better: 'higher' },
  suits: launch => launch.requests !== undefined,
  measure: run => {
    const seconds = (run.scale.warmUp + run.scale.duration) / 1000
    return run.drive(offered(run.launch.requests?.(run.port, { connections, size, seconds })), result => ({
      requests: result.messages / result.seconds,
    }))
  },
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

export const generatorCases: readonly LoadCase[] = [requests, stream]
