import { stringify } from 'csv-stringify/sync'
import { latencyKinds, latencyNames } from '../measurement/latency-kind.js'
import type { Interval } from '../report.js'
import type { Destination } from './destination.js'
import type { Output } from './output.js'

const statistics = ['count', 'mean', 'standardDeviation', 'p50', 'p90', 'p99', 'p999', 'p9999', 'max'] as const

type Column = readonly [name: string, cell: (interval: Interval) => string | number | undefined]

const columns: readonly Column[] = [
  ['startMilliseconds', ({ start }) => microseconds(start)],
  ['endMilliseconds', ({ end }) => microseconds(end)],
  ['phase', ({ phase }) => phase],
  ['messages', ({ messages }) => messages],
  ['messagesPerSecond', ({ messages, start, end }) => perSecond(messages, end - start)],
  ['sentBytes', ({ sent }) => sent],
  ['verifiedBytes', ({ verified }) => verified],
  ['verifiedBytesPerSecond', ({ verified, start, end }) => perSecond(verified, end - start)],
  ['established', ({ established }) => established],
  ['ended', ({ ended }) => ended],
  ['open', ({ open }) => open],
  ['failures', ({ failures }) => Object.values(failures).reduce((sum, count) => sum + count, 0)],
  [
    'failureKinds',
    ({ failures }) =>
      Object.entries(failures)
        .map(pair => pair.join('='))
        .join(';'),
  ],
  ...latencyKinds.flatMap(kind =>
    statistics.map(
      (statistic): Column => [
        `${latencyNames[kind]}${statistic.replace(/^./, letter => letter.toUpperCase())}${statistic === 'count' ? '' : 'Milliseconds'}`,
        interval => microseconds(interval[kind]?.[statistic]),
      ]
    )
  ),
]

/** The intervals as comma-separated values (RFC 4180) with a header; what was not measured is empty. */
export function csvOutput(to: Destination): Output {
  to.write(stringify([columns.map(([name]) => name)]))
  return {
    onInterval: interval => to.write(stringify([columns.map(([, cell]) => cell(interval))])),
    onEnd: () => to.close(),
  }
}

/** Milliseconds without digits that nobody needs. */
function microseconds(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Number(milliseconds.toFixed(4))
}

function perSecond(amount: number, milliseconds: number): number | undefined {
  return milliseconds > 0 ? Number(((amount * 1000) / milliseconds).toPrecision(6)) : undefined
}
