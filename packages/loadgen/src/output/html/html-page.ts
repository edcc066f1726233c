import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { targetName } from '../../plan.js'
import type { LoadReport } from '../../report.js'
import { formatLatency } from '../formats.js'
import type { RunResult } from '../output.js'
import { bandsOf, type Chart, chartsOf } from './chart.js'
import { details, escaped, tiles, verdictSection } from './sections.js'
import { intervalsPerPoint } from './thin-out.js'

/**
 * A run as one page of HTML that needs nothing else: the figures, charts over time and by percentile, options and
 * environment. Throws when the chart library is not installed.
 */
export function htmlPage(result: RunResult): string {
  const { report } = result
  const charts = chartsOf(report)
  const data = { charts, bands: bandsOf(report), end: report.elapsed / 1000 }
  const title = `${report.plan.workload} to ${report.plan.targets.map(targetName).join(', ')}`
  const library = join(dirname(fileURLToPath(import.meta.resolve('uplot'))))
  const scripts = [
    readFileSync(join(library, 'uPlot.iife.min.js'), 'utf8').replaceAll('</script', '<\\/script'),
    `const run = ${JSON.stringify(data).replaceAll('<', '\\u003c')}`,
    pageFile('page.js'),
  ]
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    `<title>loadgen: ${escaped(title)}</title>`,
    `<style>${readFileSync(join(library, 'uPlot.min.css'), 'utf8')}${pageFile('page.css')}</style>`,
    `<main><header><p class="kind">loadgen report</p><h1>${escaped(title)}</h1>`,
    `<p class="when">${escaped(whenText(result))}</p>${verdictSection(result)}</header>`,
    tiles(report),
    `<p class="note hint">${hint}${escaped(thinningText(report.intervals))}</p>`,
    '<div class="charts">',
    ...charts.map(chartCard),
    '</div>',
    details(report),
    '</main>',
    ...scripts.map(script => `<script>${script}</script>`),
    '</html>\n',
  ].join('\n')
}

const hint =
  'Drag across a chart to zoom, double-click to see everything again. Shaded: what was not measured (ramp, warm-up, drain).'

function thinningText(intervals: LoadReport['intervals']): string {
  const together = intervalsPerPoint(intervals)
  if (together <= 1) return ''
  return ` Each point stands for ${together} intervals: their rate together, and their highest latencies.`
}

function whenText({ report: { environment, measured, elapsed } }: RunResult): string {
  const started = environment.startedAt.slice(0, 19).replace('T', ' ')
  const part = measured.elapsed > 0 ? `, of which ${formatLatency(measured.elapsed)} were measured` : ''
  return `${started} UTC, ${formatLatency(elapsed)}${part}`
}

function chartCard({ id, title, note, logarithmic }: Chart): string {
  const toggle = logarithmic
    ? `<label><input type="checkbox" data-logarithmic="${id}" checked> logarithmic</label>`
    : ''
  const below = note === undefined ? '' : `<p class="note">${escaped(note)}</p>`
  return `<figure class="card" id="${id}"><figcaption><h2>${escaped(title)}</h2>${toggle}</figcaption>${below}<div class="plot"></div></figure>`
}

/** A file that is a part of every page as it is. */
function pageFile(name: string): string {
  return readFileSync(new URL(`../../../../page/${name}`, import.meta.url), 'utf8')
}
