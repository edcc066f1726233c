import type { BenchReport, CaseReport } from '../report.js'
import type { Setting } from './figures.js'
import { type Grid, gridOf, notesOf, textOf } from './grid.js'
import { overviewsOf } from './overview.js'
import { headLines, legend } from './summary.js'

/** The whole run as a page of Markdown. */
export function markdownPage(report: BenchReport): string {
  const parts = [
    '# Results of `pnpm bench`',
    list(headLines(report)),
    '## In short',
    ...overviewsOf(report).map(table),
    list(legend),
    ...report.cases.map(each => caseSection(each, report)),
    ...(report.skipped.length === 0
      ? []
      : ['## Not measured', list(report.skipped.map(({ contender, reason }) => `\`${contender}\`: ${reason}`))]),
  ]
  return `${parts.join('\n\n')}\n`
}

function caseSection(report: CaseReport, setting: Setting): string {
  const best = report.metric.better === 'higher' ? 'more is better' : 'less is better'
  const notes = notesOf(report, setting)
  return [
    `## ${report.name}`,
    `${report.title} (${best}).`,
    table(gridOf(report, setting)),
    ...(notes.length === 0 ? [] : [list(notes)]),
  ].join('\n\n')
}

function table({ head, rows }: Grid): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = `| ${head.map((_, index) => (index === 0 ? '---' : '---:')).join(' | ')} |`
  return [line(head), rule, ...rows.map(row => line(row.map(textOf)))].join('\n')
}

function list(lines: readonly string[]): string {
  return lines.map(line => `- ${line}`).join('\n')
}
