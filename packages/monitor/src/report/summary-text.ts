import { availableParallelism, totalmem } from 'node:os'
import Table from 'cli-table3'
import { formatSize } from 'command-line'
import sparkly from 'sparkly'
import type { OwnCost } from '../monitor.js'
import { memoryBytes, type Sample } from '../sample.js'
import type { Statistics, Summary } from '../summary.js'

const chartColumns = 50

/** The summary for people: a table, the course of CPU and memory, and what measuring has cost. */
export function summaryText(summary: Summary, samples: readonly Sample[], ownCost: OwnCost): string {
  const table = new Table({
    head: ['', 'min', 'mean', 'p95', 'max', 'slope/s'],
    style: { head: [], border: [], compact: true },
  })
  const cores = availableParallelism()
  table.push(
    row('CPU, % of one core', summary.cpuPercent, percent),
    row(`CPU, % of all ${cores} cores`, summary.cpuPercent, value => percent(value / cores)),
    row('RSS', summary.rssBytes, signedSize)
  )
  if (summary.pssBytes) table.push(row('PSS', summary.pssBytes, signedSize))
  const files = summary.unmappedFileBytes
  if (files.max > 0) table.push(row('unmapped files', files, signedSize))
  table.push(row('RSS, % of the machine', summary.rssBytes, value => percent((100 * value) / totalmem())))
  table.push(row('threads', summary.threads, decimal))
  if (summary.descriptors) table.push(row('descriptors', summary.descriptors, decimal))
  const { seconds, cpuSeconds, voluntarySwitches, involuntarySwitches } = summary
  return [
    `${seconds.toFixed(1)} s, ${summary.samples} samples, ${cpuSeconds.toFixed(2)} s of CPU time`,
    table.toString(),
    `context switches per second: ${decimal(voluntarySwitches)} voluntary, ${decimal(involuntarySwitches)} involuntary`,
    ...chart('cpu   ', samples.slice(1), sample => sample.cpuPercent, percent),
    ...chart('memory', samples, memoryBytes, formatSize),
    `measuring cost ${percent(ownCost.cpuPercent)} % of one core and ${formatSize(ownCost.rssBytes)}`,
  ].join('\n')
}

function row(name: string, { min, mean, p95, max, slope }: Statistics, format: (value: number) => string): string[] {
  return [name, format(min), format(mean), format(p95), format(max), format(slope)]
}

/** A line of bars from 0 up to the highest value; no line when there are no samples. */
function chart(
  name: string,
  samples: readonly Sample[],
  figure: (sample: Sample) => number,
  format: (value: number) => string
): string[] {
  if (samples.length === 0) return []
  const columns = Math.min(chartColumns, samples.length)
  const highest = Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * samples.length) / columns)
    const to = Math.floor(((column + 1) * samples.length) / columns)
    return Math.max(...samples.slice(from, to).map(figure))
  })
  return [`${name} ${sparkly(highest, { minimum: 0 })} at most ${format(Math.max(...highest))}`]
}

function percent(value: number): string {
  return value.toFixed(1)
}

function decimal(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1)
}

function signedSize(bytes: number): string {
  return bytes < 0 ? `-${formatSize(Math.round(-bytes))}` : formatSize(Math.round(bytes))
}
