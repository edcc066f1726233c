import { formatSize } from 'command-line'
import type { Metric } from '../case.js'
import type { CaseReport } from '../report.js'
import { sideOf } from '../statistics.js'
import { comparisonOf, type Figures, figuresOf, type Setting } from './figures.js'
import { formatComparison, formatSpread, formatValue } from './formats.js'

/** A cell for each column, each column's name first. */
export interface Grid {
  readonly head: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
}

/** Text, and whether it is good news where it is news. */
export type Cell = string | { readonly text: string; readonly tone: 'better' | 'worse' }

/** What a cell says. */
export function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text
}

/** How a contender stands against the reference; with its tone where the rounds carry a difference. */
export function comparisonCell(figures: Figures, metric: Metric): Cell {
  const text = formatComparison(figures, metric)
  const side = figures.comparison === undefined ? 0 : sideOf(figures.comparison)
  if (side === 0) return text
  return { text, tone: side > 0 === (metric.better === 'higher') ? 'better' : 'worse' }
}

const contenderNames: Readonly<Record<CaseReport['role'], string>> = {
  server: 'server',
  store: 'store',
  load: 'generator',
}

/** The table of a case, as text in cells. */
export function gridOf(report: CaseReport, setting: Setting): Grid {
  const { metric, also, cpuFor, role } = report
  const other = role === 'load' ? 'server' : 'load'
  const columns: [head: string, cell: (figures: Figures) => Cell][] = [
    [contenderNames[role], ({ name }) => name],
    [metric.unit === 'per second' ? `${metric.name}/s` : metric.name, each => formatValue(each.summary.median, metric)],
    ['spread', ({ summary }) => formatSpread(summary)],
    [comparisonHead(report), each => comparisonCell(each, metric)],
    ...also.map((each): [string, (figures: Figures) => Cell] => [
      each.name,
      figures => formatValue(figures.also[each.name] ?? Number.NaN, each),
    ]),
    ...(cpuFor === 'nothing'
      ? []
      : ([
          [cpuFor === 'GiB' ? 'CPU s/GiB' : 'CPU s/million', ({ cpu }) => (cpu ?? Number.NaN).toFixed(2)],
          [`CPU, ${other}'s CPU`, each => `${each.ownCpu.toFixed(0)} %, ${each.otherCpu.toFixed(0)} %`],
          ['limited by', ({ limit }) => (limit === 'other side' ? `the ${other}` : limit)],
        ] as [string, (figures: Figures) => Cell][])),
    ['peak memory', ({ peakMemory }) => formatSize(peakMemory)],
  ]
  return {
    head: columns.map(([head]) => head),
    rows: figuresOf(report, setting).map(figures => columns.map(([, cell]) => cell(figures))),
  }
}

/** What stands above the column of comparisons. */
export function comparisonHead({ metric, reference }: Pick<CaseReport, 'metric' | 'reference'>): string {
  return comparisonOf(metric) === 'ratio' ? `ratio to ${reference}` : `above ${reference}`
}

/** Lateness above which the load client's own delays show in the figures. */
const tolerableLateness = 0.01

/** What belongs under the table of a case: who is missing and why, and what to know of the figures. */
export function notesOf(report: CaseReport, setting: Setting): string[] {
  const figures = figuresOf(report, setting)
  const held = figures.filter(({ limit }) => limit === 'other side').map(({ name }) => name)
  const other = report.role === 'load' ? 'server' : 'load client'
  const late = figures
    .filter(({ lateness }) => lateness > tolerableLateness)
    .map(({ name, lateness }) => `${(lateness * 100).toFixed(1)} % of those to ${name}`)
  return [
    ...(report.cpuFor === 'nothing' || held.length === 0
      ? []
      : [`The ${other} was the limit, so these could do more than is shown: ${held.join(', ')}.`]),
    ...report.contenders.flatMap(({ name, failures }) => failures.map(failure => `${name} failed: ${failure}.`)),
    ...report.skipped.map(({ contender, reason }) => `${contender} skipped: ${reason}.`),
    ...(late.length === 0
      ? []
      : [`The load client itself sent messages more than 1 ms after they were due: ${late.join(', ')}.`]),
  ]
}
