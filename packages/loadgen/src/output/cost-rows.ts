import { colours, formatCount, formatSize } from 'command-line'
import { serverCost } from '../measurement/server-cost.js'
import type { LoadReport } from '../report.js'
import { longEnough } from '../run/generator-cost.js'
import { formatLatency } from './formats.js'
import type { Row } from './plain-table.js'

/** What the run has cost loadgen and the server, and whether loadgen kept up. */
export function costRows(report: LoadReport): Row[] {
  const { generator, lag, server } = report
  const { cpuPercent, peakRss, bottleneck, threads } = generator
  const busy = threads.length > 1 ? ` (threads ${threads.map(each => `${Math.round(each)} %`).join(', ')})` : ''
  const rows: Row[] = []
  if (lag !== undefined) rows.push(...lagRows(lag))
  const cost = serverCost(report)
  if (server !== undefined && cost !== undefined) {
    const each = cost.cpuPerMessage === undefined ? '' : `, ${formatLatency(cost.cpuPerMessage)} each message`
    const memory = cost.memoryPerConnection
    const above = memory === undefined || memory === 0 ? '' : `, ${formatSize(Math.round(memory))} each connection`
    rows.push(
      ['server', `${cost.cpuPercent.toFixed(0)} % of a core${each} (${server.name}, pid ${server.pid})`],
      ['', `at most ${formatSize(cost.peakMemory)}${above}`]
    )
  }
  if (peakRss > 0) {
    const used = report.elapsed < longEnough ? '' : `${cpuPercent.toFixed(0)} % of a core${busy}, `
    rows.push(['loadgen', `${used}at most ${formatSize(peakRss)}`])
  }
  if (bottleneck !== undefined) rows.push(['warning', colours.yellow(bottleneck)])
  return rows
}

function lagRows({ scheduled, late, lateness, longest, total, unsent }: NonNullable<LoadReport['lag']>): Row[] {
  const limit = `sent more than ${formatLatency(lateness)} late by loadgen`
  const rows: Row[] = []
  if (late === 0 && unsent === 0) rows.push(['schedule', `kept: none of ${formatCount(scheduled)} ${limit}`])
  else if (late > 0) {
    const share = ((100 * late) / Math.max(1, scheduled)).toPrecision(2)
    rows.push(
      ['schedule', colours.yellow(`${formatCount(late)} of ${formatCount(scheduled)} (${share} %) ${limit}`)],
      ['', `by up to ${formatLatency(longest)}, ${formatLatency(total)} in all`]
    )
  }
  if (unsent > 0) {
    rows.push([late > 0 ? '' : 'schedule', colours.yellow(`${formatCount(unsent)} were due and never sent`)])
  }
  return rows
}
