import Table from 'cli-table3'
import { colours } from 'command-line'
import type { BenchReport, CaseReport } from '../report.js'
import type { Setting } from './figures.js'
import { type Cell, type Grid, gridOf, notesOf, textOf } from './grid.js'
import { overviewsOf } from './overview.js'
import { headLines } from './summary.js'

/** One case as a table for a terminal, with its notes. */
export function caseTable(report: CaseReport, setting: Setting): string {
  const best = report.metric.better === 'higher' ? 'more is better' : 'less is better'
  const notes = notesOf(report, setting).map(note => colours.dim(note))
  return [
    colours.bold(`${report.name}: ${report.title} (${best})`),
    tableText(gridOf(report, setting)),
    ...notes,
    '',
  ].join('\n')
}

/** What stands under the tables of a run: how ours stand against the reference, and what to know of the figures. */
export function closingText(report: BenchReport): string {
  const skipped = report.skipped.map(({ contender, reason }) => `${contender} skipped: ${reason}`)
  return [...overviewsOf(report).map(tableText), ...headLines(report), ...skipped, ''].join('\n')
}

function tableText({ head, rows }: Grid): string {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, index) => (index === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  })
  for (const row of rows) table.push(row.map(coloured))
  return table.toString()
}

function coloured(cell: Cell): string {
  const text = textOf(cell)
  if (typeof cell !== 'string') return cell.tone === 'better' ? colours.green(text) : colours.red(text)
  return text === 'reference' ? colours.dim(text) : text
}
