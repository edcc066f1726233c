import { formatCount, formatSize } from 'command-line'
import { figureNamed } from '../../measurement/figures.js'
import { latencyKinds, latencyNames, primaryKind } from '../../measurement/latency-kind.js'
import { summariesOf } from '../../measurement/recorded-latency.js'
import { serverCost } from '../../measurement/server-cost.js'
import { windowText } from '../../mismatch-text.js'
import { targetName } from '../../plan.js'
import type { LoadReport } from '../../report.js'
import { formatFigure, formatLatency, formatPercentiles, formatPrecisely, percentileColumns } from '../formats.js'
import { optionName, optionText } from '../option-text.js'
import type { RunResult } from '../output.js'
import { meanings } from './chart.js'

/** Text as it may stand in HTML, between tags and in quotes. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, letter => `&#${letter.charCodeAt(0)};`)
}

const verdicts = {
  ok: ['good', 'ok'],
  'wrong bytes': ['bad', 'wrong bytes came back'],
  'connection failed': ['bad', 'a connection failed'],
  stopped: ['warning', 'stopped before its end'],
} as const

/** The verdict, the thresholds, and what to know before any figure is believed. */
export function verdictSection({ report, thresholds }: RunResult): string {
  const [tone, text] = verdicts[report.verdict]
  const chips = [
    chip(tone, text),
    ...thresholds.map(({ threshold, met, actual, figure }) => {
      const unit = figureNamed(figure)?.unit ?? 'count'
      const value = actual === undefined ? 'not measured' : formatPrecisely(actual, unit)
      return chip(met ? 'good' : 'bad', `${threshold} ${met ? 'met' : 'not met'}: ${value}`)
    }),
  ]
  const warnings = warningsOf(report).map(warning => `<p class="notice">${escaped(warning)}</p>`)
  return [`<p class="chips">${chips.join(' ')}</p>`, ...warnings].join('\n')
}

function warningsOf({ generator, lag }: LoadReport): string[] {
  const warnings = generator.bottleneck === undefined ? [] : [generator.bottleneck]
  // Few are no reason to doubt the figures: they stand among the facts.
  if (lag !== undefined && lag.unsent > 0 && generator.bottleneck === undefined) {
    warnings.push(`${formatCount(lag.unsent)} messages were due and never sent.`)
  }
  return warnings
}

function chip(tone: string, text: string): string {
  const mark = { good: '✓', bad: '✗', warning: '!' }[tone] ?? ''
  return `<span class="chip ${tone}"><b aria-hidden="true">${mark}</b> ${escaped(text)}</span>`
}

const figureTiles: readonly (readonly [figure: string, title: string])[] = [
  ['rps', 'messages'],
  ['throughput', 'verified, each way'],
  ['cps', 'connections'],
  ['hit-ratio', 'of gets found their key'],
]

/** The figures that people look for first. */
export function tiles(report: LoadReport): string {
  const rates = figureTiles.flatMap(([name, title]) => {
    const figure = figureNamed(name)
    const value = figure?.of(report)
    return figure === undefined || value === undefined ? [] : [[formatFigure(value, figure.unit), title] as const]
  })
  const failed = Object.values(report.failureCounts).reduce((sum, count) => sum + count, 0)
  const figures = [...rates, ...latencyTiles(report), [formatCount(failed), 'failed'] as const]
  const cost = serverCost(report)
  const costs =
    cost === undefined
      ? []
      : ([
          [`${cost.cpuPercent.toFixed(0)} %`, "server's CPU, of a core"],
          ...(cost.cpuPerMessage === undefined
            ? []
            : ([[formatLatency(cost.cpuPerMessage), 'CPU each message']] as const)),
          [formatSize(cost.peakMemory), "server's peak memory"],
        ] as const)
  const tile = ([value, title]: readonly [string, string]) =>
    `<div class="tile"><b>${escaped(value)}</b><span>${escaped(title)}</span></div>`
  return `<div class="tiles">${[...figures, ...costs].map(tile).join('')}</div>`
}

/** The median, and the percentiles that there are enough latencies for. */
function latencyTiles({ latency }: LoadReport): (readonly [string, string])[] {
  const kind = primaryKind(latency)
  const summary = kind === undefined ? undefined : summariesOf(latency)[kind]
  if (summary === undefined || summary.count === 0) return []
  const of = kind === 'connect' ? ' to connect' : ' latency'
  const texts = formatPercentiles(summary)
  const percentiles = percentileColumns.flatMap(([name, , fewest], column) =>
    name === 'p90' || summary.count < fewest ? [] : [[texts[column] ?? '', `${name}${of}`] as const]
  )
  return [...percentiles, [formatLatency(summary.max), `max${of}`]]
}

/** The tables under the charts. */
export function details(report: LoadReport): string {
  return [
    latencySection(report),
    targetSection(report),
    failureSection(report),
    `<div class="pair">${optionSection(report)}${machineSection(report)}</div>`,
  ].join('\n')
}

function latencySection({ latency }: LoadReport): string {
  const summaries = summariesOf(latency)
  const legend: string[] = []
  const rows = latencyKinds.flatMap(kind => {
    const summary = summaries[kind]
    if (summary === undefined || summary.count === 0) return []
    legend.push(`<b>${latencyNames[kind]}</b>: ${meanings[kind]}`)
    const { count, mean, standardDeviation, min, max } = summary
    const spread = [mean, standardDeviation, min].map(formatLatency)
    const figures = [...spread, ...formatPercentiles(summary), formatLatency(max)]
    return [[latencyNames[kind], formatCount(count), ...figures]]
  })
  if (rows.length === 0) return ''
  const head = ['latency', 'count', 'mean', 'sd', 'min', ...percentileColumns.map(([name]) => name), 'max']
  return section('Latency', `${table(head, rows, 'figures')}<p class="note">${legend.join('; ')}</p>`)
}

function targetSection({ targets }: LoadReport): string {
  if (targets.length < 2) return ''
  const head = ['target', 'connections', 'messages', 'sent', 'verified', 'failed']
  const rows = targets.map(({ target, connections, messages, sent, verified }) => [
    targetName(target),
    ...[connections.established, messages].map(formatCount),
    ...[sent, verified].map(formatSize),
    formatCount(connections.failed),
  ])
  return section('Targets', table(head, rows, 'figures'))
}

function failureSection({ failures, failureCounts }: LoadReport): string {
  if (failures.length === 0) return ''
  const counts = Object.entries(failureCounts).map(([kind, count]) => `${formatCount(count)} × ${kind}`)
  const items = failures.slice(0, 10).map(({ at, message, mismatch }) => {
    const window = mismatch === undefined ? '' : `<pre>${escaped(windowText(mismatch))}</pre>`
    return `<li>after ${(at / 1000).toFixed(3)} s: ${escaped(message)}${window}</li>`
  })
  return section('Failures', `<p>${escaped(counts.join(', '))}; the first ones:</p><ul>${items.join('')}</ul>`)
}

function optionSection({ plan, engine }: LoadReport): string {
  const rows = Object.entries({ ...plan, engine }).map(([key, value]) => [optionName(key), optionText(key, value)])
  return section('Options', table(undefined, rows, 'facts'))
}

function machineSection({ environment, generator, lag, server }: LoadReport): string {
  const { kernel, cpu, cores, memory, node, loadgen, startedAt } = environment
  const { cpuPercent, peakRss } = generator
  const rows = [
    ['started', startedAt],
    ['kernel', kernel],
    ['CPU', `${cpu}, ${cores} ${cores === 1 ? 'core' : 'cores'}`],
    ['memory', formatSize(memory)],
    ['Node', node],
    ...(lag === undefined
      ? []
      : [
          [
            'schedule',
            `${formatCount(lag.late)} of ${formatCount(lag.scheduled)} sent more than ${formatLatency(lag.lateness)} late by loadgen`,
          ],
        ]),
    ['loadgen', `${loadgen}; used ${cpuPercent.toFixed(0)} % of a core and at most ${formatSize(peakRss)}`],
    ...(server === undefined ? [] : [['server', `${server.name}, pid ${server.pid}`]]),
  ]
  return section('Environment', table(undefined, rows, 'facts'))
}

function section(title: string, content: string): string {
  return `<section class="card"><h2>${title}</h2>${content}</section>`
}

function table(head: readonly string[] | undefined, rows: readonly (readonly string[])[], kind: string): string {
  const line = (cells: readonly string[], tag: string) =>
    `<tr>${cells.map((cell, index) => `<${index === 0 ? 'th' : tag}>${escaped(cell)}</${index === 0 ? 'th' : tag}>`).join('')}</tr>`
  const top = head === undefined ? '' : `<thead>${line(head, 'th')}</thead>`
  const body = rows.map(row => line(row, 'td')).join('')
  return `<div class="wide"><table class="${kind}">${top}<tbody>${body}</tbody></table></div>`
}
