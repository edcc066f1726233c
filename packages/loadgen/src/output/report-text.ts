import Table from 'cli-table3'
import { formatCount, formatDuration, formatExactSize, formatRate, formatSize } from 'command-line'
import { windowText } from './mismatch-text.js'
import { targetName } from './plan.js'
import { type LoadFailure, type LoadReport, type Stalls, stallThreshold } from './report.js'

const verdicts = {
  ok: 'ok',
  'wrong bytes': 'wrong bytes came back',
  'connection failed': 'a connection failed',
  stopped: 'stopped before its end; nothing was wrong so far',
} as const

/** The report for people: what went over, how fast, and what went wrong. */
export function reportText(report: LoadReport): string {
  const parts = [plainTable(summaryRows(report))]
  if (report.targets.length > 1) parts.push(targetTable(report))
  parts.push(...report.failures.slice(0, 1).map(failureText))
  return parts.join('\n\n')
}

/** How the run failed, in one line: the first failure, and how many more there were of each kind. */
export function failureLine({ failures, failureCounts }: LoadReport): string {
  const first = failures[0] as LoadFailure
  const more = Object.entries(failureCounts)
    .map(([kind, count]) => [kind, kind === first.kind ? count - 1 : count] as const)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${formatCount(count)} × ${kind}`)
  return more.length === 0 ? first.message : `${first.message} (and ${more.join(', ')})`
}

function summaryRows(report: LoadReport): [string, string][] {
  const { plan, sent, received, verified, elapsed, connections, stalls, messages } = report
  const rows: [string, string][] = [
    ['verdict', verdicts[report.verdict]],
    ['time', time(elapsed)],
    ['connections', connectionText(report)],
  ]
  if (plan.workload !== 'idle') rows.push(['sent', formatExactSize(sent)])
  if (plan.workload === 'stream' && plan.noRead && received === 0) {
    rows.push(['unread', `${formatSize(sent)} are with the server and the kernels`])
  } else if (plan.workload !== 'idle' || received > 0) {
    rows.push(['echoed', formatExactSize(received)], ['verified', formatExactSize(verified)])
  }
  if (verified > 0) rows.push(['rate', `${formatRate((verified * 1000) / elapsed)} each way`])
  if (messages !== undefined) {
    rows.push(
      ['strings', `${formatCount(messages.echoed)} of ${formatCount(messages.planned)} echoed`],
      ['echo time', `mean ${time(messages.meanEcho)}, longest ${time(messages.longestEcho)}`]
    )
  }
  if (plan.workload !== 'idle') rows.push(['stalls', stallText(stalls)])
  if (connections.failed > 0) rows.push(['failures', failureCountText(report)])
  return rows
}

function stallText({ count, longest, total }: Stalls): string {
  const threshold = formatDuration(stallThreshold)
  const wait = `longest wait ${time(longest)}`
  if (count === 0) return `none of ${threshold} or more (${wait})`
  return `${formatCount(count)} of ${threshold} or more, ${time(total)} in all (${wait})`
}

/** A measured duration, without the digits that nobody measured. */
function time(milliseconds: number): string {
  return formatDuration(Number(milliseconds.toPrecision(3)))
}

function connectionText({ connections }: LoadReport): string {
  const { planned, established, completed, failed, peakOpen } = connections
  const parts = [`${formatCount(established)} of ${formatCount(planned)} established`]
  if (planned > 1) parts.push(`${formatCount(peakOpen)} at once`)
  parts.push(`${formatCount(completed)} completed`)
  if (failed > 0) parts.push(`${formatCount(failed)} failed`)
  return parts.join(', ')
}

function failureCountText({ failureCounts }: LoadReport): string {
  return Object.entries(failureCounts)
    .map(([kind, count]) => `${formatCount(count)} × ${kind}`)
    .join(', ')
}

function targetTable({ targets }: LoadReport): string {
  const header = ['target', 'connections', 'failed', 'sent', 'verified']
  const rows = targets.map(({ target, connections, sent, verified }) => [
    targetName(target),
    formatCount(connections.established),
    formatCount(connections.failed),
    formatSize(sent),
    formatSize(verified),
  ])
  return plainTable([header, ...rows])
}

function failureText(failure: LoadFailure): string {
  return failure.mismatch === undefined ? failure.message : `${failure.message}\n${windowText(failure.mismatch)}`
}

const noBorders = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap(side =>
    ['', '-mid', '-left', '-right'].map(part => [`${side}${part}`, ''])
  )
)

function plainTable(rows: readonly (readonly string[])[]): string {
  const table = new Table({
    chars: { ...noBorders, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  })
  table.push(...rows.map(row => [...row]))
  return table
    .toString()
    .split('\n')
    .map(line => line.trimEnd())
    .join('\n')
}
