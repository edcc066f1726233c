import Table from 'cli-table3'
import colours from 'picocolors'
import type { BenchReport, CaseReport } from '../report.js'
import { gridOf, notesOf, type Setting } from './figures.js'
import { headLines } from './summary.js'

/** One case as a table for a terminal, with its notes. */
export function caseTable(report: CaseReport, setting: Setting): string {
  const { head, rows } = gridOf(report, setting)
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, index) => (index === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  })
  for (const row of rows) table.push(row.map(cell => (cell === 'reference' ? colours.dim(cell) : cell)))
  const notes = notesOf(report, setting).map(note => colours.dim(note))
  const best = report.metric.better === 'higher' ? 'more is better' : 'less is better'
  return [colours.bold(`${report.name}: ${report.title} (${best})`), table.toString(), ...notes, ''].join('\n')
}

/** What stands under the tables of a run. */
export function closingText(report: BenchReport): string {
  const skipped = report.skipped.map(({ contender, reason }) => `${contender} skipped: ${reason}`)
  return [...headLines(report), ...skipped, ''].join('\n')
}
