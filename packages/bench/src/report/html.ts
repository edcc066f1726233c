import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BenchReport, CaseReport } from '../report.js'
import { packageFile } from '../toolbox.js'
import { figuresOf } from './figures.js'
import { formatComparison, formatSpread, formatValue } from './formats.js'
import { type Cell, comparisonHead, type Grid, gridOf, notesOf, textOf } from './grid.js'
import { overviewsOf } from './overview.js'
import { headLines, legend } from './summary.js'

/** What page/page.js draws as one chart: a bar for each contender, best first. */
interface Chart {
  readonly id: string
  readonly unit: string
  readonly bars: readonly {
    readonly label: string
    readonly kind: 'ours' | 'reference' | 'other'
    readonly value: number
    readonly minimum: number
    readonly maximum: number
    /** For the tooltip. */
    readonly lines: readonly string[]
  }[]
}

/**
 * The whole run as one page of HTML that needs nothing else: bars with their spread for each case, and the tables
 * below them. Throws when the chart library is not installed.
 */
export function htmlPage(report: BenchReport): string {
  const charts = report.cases.map(each => chartOf(each, report))
  const scripts = [
    // The builds for browsers, without their pointers to files that the page does not have.
    ...[
      ['chart.js', 'chart.umd.min.js'],
      ['chartjs-chart-error-bars', 'index.umd.min.js'],
    ].map(([name, file]) => beside(name as string, file as string).replace(/^\/\/# sourceMappingURL=.*$/m, '')),
    `const charts = ${JSON.stringify(charts)}`,
    readFileSync(packageFile('page/page.js'), 'utf8'),
  ]
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<title>Sluice: bench</title>',
    `<style>${readFileSync(packageFile('page/page.css'), 'utf8')}</style>`,
    `<main><h1>Sluice, side by side</h1>${verdict(report)}`,
    ...overviewsOf(report).map(grid => table(grid, 'overview')),
    '<p class="key"><i class="ours"></i> Sluice <i class="reference"></i> what it is compared with <i class="other"></i> others; ' +
      'a bar is the median of all rounds, its whisker their spread</p>',
    '<div class="charts">',
    ...report.cases.map(each => section(each, report)),
    '</div>',
    `<h2>How this was measured</h2>${list([...headLines(report), ...legend])}`,
    ...skippedList(report),
    '</main>',
    ...scripts.map(script => `<script>${script.replaceAll('</script', '<\\/script')}</script>`),
    '</html>\n',
  ].join('\n')
}

function verdict({ noise, quick, interrupted }: BenchReport): string {
  const warnings = [
    ...(noise.verdict === 'quiet' ? [] : [`The machine was ${noise.verdict}.`]),
    ...(quick ? ['A quick run, not to be quoted.'] : []),
    ...(interrupted ? ['Ended early.'] : []),
  ]
  return warnings.length === 0 ? '' : `<p class="warning">${escaped(warnings.join(' '))}</p>`
}

function section(report: CaseReport, setting: BenchReport): string {
  const best = report.metric.better === 'higher' ? 'more is better' : 'less is better'
  const notes = notesOf(report, setting)
  return [
    `<section><h2>${escaped(report.title)} <small>${best}</small></h2>`,
    `<div class="chart"><canvas id="${report.name}" role="img" aria-label="${escaped(report.title)}"></canvas></div>`,
    `<details><summary>Figures</summary>${table(gridOf(report, setting), 'figures')}</details>`,
    notes.length === 0 ? '' : list(notes),
    '</section>',
  ].join('\n')
}

function chartOf(report: CaseReport, setting: BenchReport): Chart {
  const { metric } = report
  const scale = metric.unit === 'bytes per second' ? 1024 ** 2 : metric.unit === 'bytes' ? 1024 : 1
  const unit = { 'bytes per second': 'MiB/s', bytes: 'KiB', milliseconds: 'ms' }[metric.unit as string] ?? metric.unit
  return {
    ...{ id: report.name, unit },
    bars: figuresOf(report, setting).map(figures => ({
      label: figures.name,
      kind: report.contenders.find(({ name }) => name === figures.name)?.ours
        ? 'ours'
        : figures.isReference
          ? 'reference'
          : 'other',
      value: figures.summary.median / scale,
      minimum: figures.summary.minimum / scale,
      maximum: figures.summary.maximum / scale,
      lines: [
        figures.title,
        `median ${formatValue(figures.summary.median, metric)}`,
        `spread ${formatSpread(figures.summary)}`,
        ...(figures.comparison === undefined
          ? []
          : [`${comparisonHead(report)}: ${formatComparison(figures, metric)}`]),
      ],
    })),
  }
}

function table({ head, rows }: Grid, kind: string): string {
  const cell = (content: Cell, tag: string) => {
    const tone = typeof content === 'string' ? '' : ` class="${content.tone}"`
    return `<${tag}${tone}>${escaped(textOf(content))}</${tag}>`
  }
  const line = (cells: readonly Cell[], tag: string) =>
    `<tr>${cells.map((content, index) => cell(content, index === 0 ? 'th' : tag)).join('')}</tr>`
  const body = rows.map(row => line(row, 'td')).join('')
  return `<div class="wide"><table class="${kind}"><thead>${line(head, 'th')}</thead><tbody>${body}</tbody></table></div>`
}

function skippedList({ skipped }: BenchReport): string[] {
  if (skipped.length === 0) return []
  return [`<h2>Not measured</h2>${list(skipped.map(({ contender, reason }) => `${contender}: ${reason}`))}`]
}

function list(lines: readonly string[]): string {
  return `<ul>${lines.map(line => `<li>${escaped(line)}</li>`).join('')}</ul>`
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, letter => `&#${letter.charCodeAt(0)};`)
}

/** A file of an installed package that lies beside the one that is imported. */
function beside(name: string, file: string): string {
  return readFileSync(fileURLToPath(new URL(`./${file}`, import.meta.resolve(name))), 'utf8')
}
