import { colours, formatCount, formatDuration, formatExactSize, formatRate, formatSize } from 'command-line'
import { figureNamed } from '../measurement/figures.js'
import { latencyKinds, latencyNames } from '../measurement/latency-kind.js'
import { summariesOf } from '../measurement/recorded-latency.js'
import { windowText } from '../mismatch-text.js'
import { targetName, type WorkloadName } from '../plan.js'
import {
  type CrowdProof,
  type FailureCounts,
  type LoadFailure,
  type LoadReport,
  type Stalls,
  stallThreshold,
} from '../report.js'
import { costRows } from './cost-rows.js'
import {
  formatChange,
  formatFigure,
  formatLatency,
  formatPercentiles,
  formatPrecisely,
  percentileColumns,
} from './formats.js'
import type { Output, RunResult } from './output.js'
import { plainTable, type Row } from './plain-table.js'
import type { ThresholdResult } from './threshold.js'

const verdicts = {
  ok: 'ok',
  'wrong bytes': 'wrong bytes came back',
  'connection failed': 'a connection failed',
  stopped: 'stopped before its end; nothing was wrong so far',
} as const

/** What the report for people is written to. */
export interface TextStream {
  write(text: string): unknown
}

/** The report for people, on stdout. */
export function textOutput(stream: TextStream): Output {
  return {
    onEnd: result => {
      stream.write(`${reportText(result)}\n`)
    },
  }
}

/** The report for people: what went over, how fast, and what went wrong. */
export function reportText({ report, thresholds }: RunResult): string {
  const parts = [plainTable(summaryRows(report)), latencyTable(report)]
  if (report.targets.length > 1) parts.push(targetTable(report))
  parts.push(plainTable(costRows(report)), thresholdTable(thresholds))
  parts.push(...report.failures.slice(0, 1).map(failureText))
  return parts.filter(part => part !== '').join('\n\n')
}

/** How the run failed, in one line: the first failure, and how many more there were of each kind. */
export function failureLine({ failures, failureCounts }: LoadReport): string {
  const first = failures[0] as LoadFailure
  const more = { ...failureCounts, [first.kind]: (failureCounts[first.kind] ?? 1) - 1 }
  const text = countsByKind(more)
  return text === '' ? first.message : `${first.message} (and ${text})`
}

/** Which thresholds were not met, in one line; undefined when all were. */
export function thresholdLine(thresholds: readonly ThresholdResult[]): string | undefined {
  const missed = thresholds.filter(({ met }) => !met)
  if (missed.length === 0) return undefined
  return `not met: ${missed.map(result => `${result.threshold} (${actualText(result)})`).join(', ')}`
}

function summaryRows(report: LoadReport): Row[] {
  const { verdict, connections, crowd } = report
  const rows: Row[] = [
    ['verdict', verdict === 'ok' ? colours.green(verdicts.ok) : colours.red(verdicts[verdict])],
    ['time', timeText(report)],
    ['connections', connectionText(report)],
    ...rateRows(report),
    ...kvRows(report),
    ...trafficRows(report),
  ]
  if (crowd !== undefined) rows.push(...crowdRows(crowd, report))
  if (report.plan.workload !== 'idle') rows.push(['stalls', stallText(report.stalls)])
  if (connections.failed > 0) rows.push(['failures', colours.red(countsByKind(report.failureCounts))])
  return rows
}

function crowdRows({ atOnce, at, answeredAfter }: CrowdProof, { connections, messages }: LoadReport): Row[] {
  if (atOnce < connections.planned) {
    return [
      [
        'crowd',
        colours.red(`not shown: ${formatCount(atOnce)} of ${formatCount(connections.planned)} were there at once`),
      ],
    ]
  }
  const rows: Row[] = [
    ['crowd', `${formatCount(atOnce)} connected and unanswered at once, ${time(at)} after the start`],
  ]
  if (messages?.echoed === atOnce) rows.push(['', `all answered ${time(answeredAfter)} later`])
  return rows
}

function timeText({ elapsed, measured }: LoadReport): string {
  const outside = measured.elapsed > 0 && elapsed - measured.elapsed > elapsed / 100
  return outside ? `${time(elapsed)}, of which ${time(measured.elapsed)} were measured` : time(elapsed)
}

const messageNames: Partial<Record<WorkloadName, string>> = { strings: 'strings', kv: 'requests' }

function rateRows(report: LoadReport): Row[] {
  const { messages, measured, plan } = report
  const names = { rps: messageNames[plan.workload] ?? 'messages', cps: 'connects' }
  const rows: Row[] = []
  const rps = figureNamed('rps')?.of(report)
  if (messages !== undefined) {
    const answered = speaksProtocol(plan) ? 'answered' : 'echoed'
    const all = messages.planned > 0 ? ` of ${formatCount(messages.planned)}` : ''
    const rate = rps === undefined ? '' : `, ${formatFigure(rps, 'per second')}`
    const counted =
      rps === undefined || measured.messages === messages.echoed
        ? ''
        : `, ${formatCount(measured.messages)} of them measured`
    rows.push([names.rps, `${formatCount(messages.echoed)}${all} ${answered}${counted}${rate}`])
    if (report.latency.fromSend === undefined && messages.echoed > 0) {
      rows.push([
        'echo time',
        `mean ${formatLatency(messages.meanEcho)}, longest ${formatLatency(messages.longestEcho)}`,
      ])
    }
  } else if (rps !== undefined) {
    rows.push([names.rps, `${formatCount(measured.messages)} measured, ${formatFigure(rps, 'per second')}`])
  }
  const cps = figureNamed('cps')?.of(report)
  if (cps !== undefined) {
    rows.push([names.cps, `${formatCount(measured.connections)} measured, ${formatFigure(cps, 'per second')}`])
  }
  return rows
}

function kvRows({ kv }: LoadReport): Row[] {
  if (kv === undefined) return []
  const { sets, hits, misses, preloaded, preloadTime } = kv
  const gets = `${formatCount(hits + misses)}: ${formatCount(hits)} hits, ${formatCount(misses)} misses`
  const before = preloaded === 0 ? '' : `, and ${formatCount(preloaded)} before the traffic, in ${time(preloadTime)}`
  return [
    ['gets', gets],
    ['sets', `${formatCount(sets)}${before}`],
  ]
}

function trafficRows(report: LoadReport): Row[] {
  const { plan, sent, received, verified, elapsed } = report
  const rows: Row[] = []
  if (plan.workload !== 'idle') rows.push(['sent', formatExactSize(sent)])
  if (plan.workload === 'stream' && plan.noRead && received === 0) {
    rows.push(['unread', `${formatSize(sent)} are with the server and the kernels`])
  } else if (plan.workload !== 'idle' || received > 0) {
    rows.push(
      [speaksProtocol(plan) ? 'received' : 'echoed', formatExactSize(received)],
      ['verified', formatExactSize(verified)]
    )
  }
  const measured = figureNamed('throughput')?.of(report)
  const way = speaksProtocol(plan) ? 'received' : 'each way'
  if (verified > 0) rows.push(['rate', `${formatRate(measured ?? (verified * 1000) / elapsed)} ${way}`])
  return rows
}

/** What comes back is no echo. */
function speaksProtocol(plan: LoadReport['plan']): boolean {
  return plan.workload === 'kv' || ('protocol' in plan && plan.protocol !== 'echo')
}

function latencyTable({ latency }: LoadReport): string {
  const summaries = summariesOf(latency)
  const rows = latencyKinds.flatMap(kind => {
    const summary = summaries[kind]
    if (summary === undefined || summary.count === 0) return []
    const { mean, standardDeviation, max } = summary
    const spread = [mean, standardDeviation].map(formatLatency)
    return [[latencyNames[kind], ...spread, ...formatPercentiles(summary), formatLatency(max)]]
  })
  if (rows.length === 0) return ''
  return plainTable([['latency', 'mean', 'sd', ...percentileColumns.map(([name]) => name), 'max'], ...rows], 'figures')
}

function targetTable({ targets }: LoadReport): string {
  const withMessages = targets.some(({ messages }) => messages > 0)
  const header = ['target', 'connections', ...(withMessages ? ['messages'] : []), 'sent', 'verified', 'failures']
  const rows = targets.map(({ target, connections, messages, sent, verified, failureCounts }) => [
    targetName(target),
    formatCount(connections.established),
    ...(withMessages ? [formatCount(messages)] : []),
    formatSize(sent),
    formatSize(verified),
    countsByKind(failureCounts) || '0',
  ])
  return plainTable([header, ...rows], 'figures')
}

/** How a run stands to its thresholds, a line for each. */
export function thresholdTable(thresholds: readonly ThresholdResult[]): string {
  return plainTable(
    thresholds.map(result => [
      'threshold',
      result.threshold,
      result.met ? colours.green('met') : colours.red('not met'),
      actualText(result),
    ])
  )
}

function actualText({ figure, of, actual }: ThresholdResult): string {
  if (actual === undefined) return 'not measured'
  return of === 'change' ? formatChange(actual) : formatPrecisely(actual, figureNamed(figure)?.unit ?? 'count')
}

function failureText(failure: LoadFailure): string {
  return failure.mismatch === undefined ? failure.message : `${failure.message}\n${windowText(failure.mismatch)}`
}

function countsByKind(counts: FailureCounts): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${formatCount(count)} × ${kind}`)
    .join(', ')
}

function stallText({ count, longest, total }: Stalls): string {
  const threshold = formatDuration(stallThreshold)
  const wait = `longest wait ${time(longest)}`
  if (count === 0) return `none of ${threshold} or more (${wait})`
  return `${formatCount(count)} of ${threshold} or more, ${time(total)} in all (${wait})`
}

function connectionText({ connections, intervals, kv }: LoadReport): string {
  // What a store is given before the traffic belongs to the ramp as well.
  const ramp = kv === undefined || kv.preloaded === 0 ? intervals.findLast(({ phase }) => phase === 'ramp') : undefined
  const { planned, established, completed, failed, peakOpen } = connections
  const parts = [
    planned > 0
      ? `${formatCount(established)} of ${formatCount(planned)} established`
      : `${formatCount(established)} established`,
  ]
  if (ramp !== undefined && planned > 0 && established === planned) parts[0] += ` in ${time(ramp.end)}`
  if (planned !== 1) parts.push(`${formatCount(peakOpen)} at once`)
  parts.push(`${formatCount(completed)} completed`)
  if (failed > 0) parts.push(`${formatCount(failed)} failed`)
  return parts.join(', ')
}

/** A measured duration, without the digits that nobody measured. */
function time(milliseconds: number): string {
  return formatDuration(Number(milliseconds.toPrecision(3)))
}
