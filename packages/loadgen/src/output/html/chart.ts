import { type LatencyKind, latencyKinds, latencyNames, primaryKind } from '../../measurement/latency-kind.js'
import { recorderOf } from '../../measurement/recorded-latency.js'
import { memoryOf } from '../../measurement/server-cost.js'
import type { Interval, LoadReport, Phase } from '../../report.js'
import { thinOutIntervals } from './thin-out.js'

/** What page/page.js draws as one chart. */
export interface Chart {
  readonly id: string
  readonly title: string
  /** What the values are: `per second`, `bytes per second`, `milliseconds`, `bytes`, `percent`, `count`. */
  readonly unit: string
  /**
   * What lies along the horizontal axis: seconds since the start of the run, or the number of nines of a percentile
   * (2 is 99 %), which spreads out the rare ones. Charts of time are zoomed together.
   */
  readonly across: 'time' | 'nines'
  /** Offers a logarithmic scale, and begins with it. */
  readonly logarithmic: boolean
  readonly x: readonly number[]
  readonly series: readonly Series[]
  /** What there is to know of it, under its title. */
  readonly note?: string
}

interface Series {
  readonly label: string
  /** The name of a colour in page/page.css. */
  readonly colour: string
  /** As many as `x` has; null where nothing was measured. */
  readonly values: readonly (number | null)[]
}

/** A stretch of the run that does not count, to be shaded. */
export interface Band {
  readonly phase: Phase
  /** Seconds. */
  readonly start: number
  readonly end: number
}

/** Enough for any screen, and a tenth of the size of exact numbers. */
const digits = 4

/** An interval that a phase has cut off below this share of its length is not drawn: it stands for too little. */
const shortestShare = 0.1

/** Everything that there is to draw of a run. */
export function chartsOf(whole: LoadReport): Chart[] {
  const report = { ...whole, intervals: thinOutIntervals(whole.intervals) }
  return [
    rateChart(report),
    latencyChart(report),
    connectionChart(report),
    ...serverCharts(report),
    percentileChart(report),
  ].filter(chart => chart.series.some(({ values }) => values.filter(value => value !== null).length > 1))
}

/** The ramp, the warm-up and the drain of a run. */
export function bandsOf({ intervals }: LoadReport): Band[] {
  const bands: Band[] = []
  for (const { phase, start, end } of intervals) {
    const last = bands.at(-1)
    if (last?.phase === phase) bands[bands.length - 1] = { ...last, end: end / 1000 }
    else bands.push({ phase, start: start / 1000, end: end / 1000 })
  }
  return bands.filter(({ phase }) => phase !== 'measured')
}

function rateChart({ intervals, plan }: LoadReport): Chart {
  const perSecond = (amount: (interval: Interval) => number) =>
    intervals.map(each => {
      const length = each.end - each.start
      return isDrawn(each, plan) ? short((amount(each) * 1000) / length) : null
    })
  const hasMessages = intervals.some(({ messages }) => messages > 0)
  const hasBytes = intervals.some(({ verified }) => verified > 0)
  const connects = { label: 'connections', colour: 'first', values: perSecond(each => each.established) }
  const messages = { label: 'messages', colour: 'first', values: perSecond(each => each.messages) }
  const bytes = { label: 'verified', colour: 'first', values: perSecond(each => each.verified) }
  return {
    ...{ id: 'rate', title: hasMessages ? 'Messages per second' : hasBytes ? 'Throughput' : 'Connections per second' },
    unit: !hasMessages && hasBytes ? 'bytes per second' : 'per second',
    ...{ across: 'time', logarithmic: false, x: intervals.map(middle) },
    series: [hasMessages ? messages : hasBytes ? bytes : connects],
  }
}

const shownPercentiles = [
  ['p50', 'p50'],
  ['p90', 'p90'],
  ['p99', 'p99'],
  ['p999', 'p99.9'],
  ['max', 'max'],
] as const

function latencyChart({ intervals, latency, plan }: LoadReport): Chart {
  const kind = primaryKind(latency)
  return {
    ...{ id: 'latency', title: 'Latency', unit: 'milliseconds', across: 'time', logarithmic: true },
    ...(kind === undefined ? {} : { note: meanings[kind] }),
    x: intervals.map(middle),
    series: shownPercentiles.map(([key, label]) => ({
      ...{ label, colour: key },
      values: intervals.map(interval => {
        const summary = kind === undefined ? undefined : interval[kind]
        return summary === undefined || summary.count === 0 || !isDrawn(interval, plan) ? null : short(summary[key])
      }),
    })),
  }
}

/** What each kind of latency is measured from, for people. */
export const meanings: Readonly<Record<LatencyKind, string>> = {
  fromDue: 'from when a message was due to its last byte back',
  fromSend: 'from the first byte sent to the last byte back',
  connect: 'from connect(2) until the connection stood',
  get: 'of gets alone, from when they were due or else sent',
  set: 'of sets alone, from when they were due or else sent',
}

function connectionChart({ intervals }: LoadReport): Chart {
  const failures = intervals.map(each => Object.values(each.failures).reduce((sum, count) => sum + count, 0))
  const open = { label: 'open', colour: 'first', values: intervals.map(each => each.open) }
  return {
    ...{ id: 'connections', title: 'Connections', unit: 'count', across: 'time', logarithmic: false },
    // Open at the end of each interval, and not in its middle.
    x: intervals.map(({ end }) => short(end / 1000)),
    series: failures.some(count => count > 0)
      ? [open, { label: 'failed in the interval', colour: 'bad', values: failures }]
      : [open],
  }
}

function serverCharts({ server }: LoadReport): Chart[] {
  const samples = server?.samples ?? []
  const x = samples.map(({ at }) => short(at / 1000))
  const time = { across: 'time', logarithmic: false, x } as const
  // The first sample has none before it to compare with.
  const cpu = samples.map(({ cpuPercent }, index) => (index === 0 ? null : short(cpuPercent)))
  return [
    {
      ...{ id: 'cpu', title: "The server's CPU", unit: 'percent', note: 'percent of one core, the whole process tree' },
      ...time,
      series: [{ label: 'CPU', colour: 'first', values: cpu }],
    },
    {
      ...{ id: 'memory', title: "The server's memory", unit: 'bytes', note: memoryNote(samples) },
      ...time,
      series: [{ label: 'memory', colour: 'first', values: samples.map(memoryOf) }],
    },
  ]
}

function memoryNote(samples: readonly { readonly pss?: number }[]): string {
  const kind = samples.every(({ pss }) => pss !== undefined) ? 'PSS' : 'RSS'
  return `${kind} of the whole process tree`
}

/** Fewer have no distribution. */
const fewestLatencies = 100

/** Steps of a tenth of a nine, from 0 % to the last latency that was recorded. */
function percentileChart({ latency }: LoadReport): Chart {
  const recorders = latencyKinds.flatMap(kind => {
    const encoded = latency[kind]
    const recorder = encoded === undefined ? undefined : recorderOf(encoded)
    return recorder === undefined || recorder.count < fewestLatencies ? [] : [{ kind, recorder }]
  })
  const most = Math.max(1, ...recorders.map(({ recorder }) => recorder.count))
  const steps = Array.from({ length: Math.ceil(Math.log10(most) * 10) + 1 }, (_, step) => step / 10)
  return {
    ...{ id: 'percentiles', title: 'Latency by percentile', unit: 'milliseconds', across: 'nines', logarithmic: true },
    x: recorders.length === 0 ? [] : steps,
    series: recorders.map(({ kind, recorder }) => ({
      label: latencyNames[kind],
      colour: kind,
      values: steps.map(nines => {
        // Beyond the last one recorded a percentile says nothing.
        if (nines - 0.1 >= Math.log10(recorder.count)) return null
        return short(recorder.valueAtPercentile(100 * (1 - 10 ** -nines)))
      }),
    })),
  }
}

function isDrawn({ start, end }: Interval, { interval }: LoadReport['plan']): boolean {
  return end - start > interval * shortestShare
}

function middle({ start, end }: Interval): number {
  return (start + end) / 2000
}

function short(value: number): number {
  return Number(value.toPrecision(digits))
}
