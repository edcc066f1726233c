import type { BenchReport, CaseReport } from '../report.js'
import { type Figures, figuresOf } from './figures.js'
import { formatValue } from './formats.js'
import { type Cell, comparisonCell, type Grid } from './grid.js'

/**
 * How ours stand against the reference in every case, a line for each: ratios, and for memory differences; after too few
 * rounds for them, the figures. One table for servers, one for stores, one for
 * generators, and only those of which something was measured.
 */
export function overviewsOf(report: BenchReport): Grid[] {
  return (['server', 'store', 'load'] as const).flatMap(role => {
    const cases = report.cases.filter(each => each.role === role)
    const [first] = cases
    const ours = [...new Set(cases.flatMap(each => each.contenders.filter(isOurs).map(({ name }) => name)))]
    if (first === undefined || ours.length === 0) return []
    const head = ['case', 'better is', first.reference, ...ours.map(name => name)]
    return [{ head, rows: cases.map(each => row(each, ours, report)) }]
  })
}

function isOurs({ ours }: { ours: boolean }): boolean {
  return ours
}

function row(report: CaseReport, ours: readonly string[], setting: BenchReport): Cell[] {
  const figures = figuresOf(report, setting)
  const reference = figures.find(({ isReference }) => isReference)
  return [
    report.name,
    report.metric.better === 'higher' ? 'more' : 'less',
    reference === undefined ? '' : medianText(reference, report),
    ...ours.map(name => {
      const own = figures.find(each => each.name === name)
      if (own === undefined) return 'not measured'
      // In a line of its own for each case, why there is no comparison would be said again and again.
      return own.comparison?.carried === 'too few rounds' ? medianText(own, report) : comparisonCell(own, report.metric)
    }),
  ]
}

function medianText({ summary }: Figures, { metric }: CaseReport): string {
  return `${formatValue(summary.median, metric)}${metric.unit === 'per second' ? '/s' : ''}`
}
