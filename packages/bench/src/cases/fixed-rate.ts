import { exitCode, Failure, formatCount } from 'command-line'
import type { Metric, ServerCase } from '../case.js'
import type { Latency, LoadOutcome } from '../load-client.js'

const [p50, p99, p999]: readonly Metric[] = ['p50', 'p99', 'p99.9'].map(name => ({
  name,
  unit: 'milliseconds',
  better: 'lower',
})) as [Metric, Metric, Metric]

/** Open loop: messages of 64 bytes at a fixed rate, whether or not replies come. Latency counts from when one was due. */
function fixedRate(
  name: string,
  title: string,
  load: { connections: number; rate: number; neverRead: number }
): ServerCase {
  return {
    role: 'server',
    name,
    group: name,
    title: () => title,
    metric: p99 as Metric,
    also: [p50 as Metric, p999 as Metric],
    cpuFor: 'million messages',
    connections: () => load.connections + load.neverRead,
    measure: run =>
      run.drive(
        [
          ...['rate', '--rate', `${load.rate}`, '--connections', `${load.connections}`],
          ...['--never-read', `${load.neverRead}`],
          ...['--warmup', `${run.scale.warmUp / 1000}`, '--duration', `${run.scale.duration / 1000}`],
        ],
        outcome => ({ values: milliseconds(answered(outcome)), lateness: outcome.late / Math.max(1, outcome.messages) })
      ),
  }
}

function answered({ latency, unanswered }: LoadOutcome): Latency {
  if (unanswered > 0 || latency === undefined) {
    throw new Failure(`${formatCount(unanswered)} messages had no reply after 5 s`, exitCode.checkFailed)
  }
  return latency
}

function milliseconds({ p50, p99, p999 }: Latency): Record<string, number> {
  return { p50: p50 / 1e6, p99: p99 / 1e6, 'p99.9': p999 / 1e6 }
}

export const fixedRateCases: readonly ServerCase[] = [
  fixedRate('fixed-rate', 'Latency at 20,000 messages of 64 bytes a second over 64 connections', {
    ...{ connections: 64, rate: 20_000, neverRead: 0 },
  }),
  fixedRate(
    'stalled-client',
    'Latency of 999 clients at 10,000 messages of 64 bytes a second, beside one that sends all it can and never reads',
    { connections: 999, rate: 10_000, neverRead: 1 }
  ),
]
