import { colours } from 'command-line'
import { latencyNames } from '../measurement/latency-kind.js'
import { formatChange, formatFigure } from '../output/formats.js'
import { meanings } from '../output/html/chart.js'
import { plainTable } from '../output/plain-table.js'
import { thresholdTable } from '../output/report-text.js'
import type { ThresholdResult } from '../output/threshold.js'
import type { LoadReport } from '../report.js'
import type { Judgement, ReportComparison } from './compare-reports.js'
import { fewestIntervals } from './noise.js'

/** One run of a comparison, as it is called. */
export interface NamedReport {
  readonly name: string
  readonly report: LoadReport
}

const judgements: Readonly<Record<Judgement, string>> = {
  better: 'better',
  worse: 'worse',
  same: 'the same',
  noise: 'within the noise',
  'too few intervals': `fewer than ${fewestIntervals} intervals`,
  'single value': 'one value a run',
}

/** Two runs side by side, for people. */
export function comparisonText(
  before: NamedReport,
  after: NamedReport,
  { figures, latency, differences }: ReportComparison,
  thresholds: readonly ThresholdResult[]
): string {
  const rows = figures.map(({ figure, before, after, change, noise, judgement }) => [
    figure.name,
    formatFigure(before, figure.unit),
    formatFigure(after, figure.unit),
    formatChange(change),
    noise === undefined ? '' : `±${(noise * 100).toFixed(1)} %`,
    coloured(judgement),
  ])
  const parts = [
    plainTable([runRow('A', before), runRow('B', after)]),
    plainTable(differences.map((difference, index) => [index === 0 ? 'differ in' : '', difference])),
    plainTable([['', 'A', 'B', 'change', 'noise', ''], ...rows]),
    latency === undefined ? '' : `Latencies are ${latencyNames[latency]}: ${meanings[latency]}.`,
    thresholdTable(thresholds),
  ]
  return parts.filter(part => part !== '').join('\n\n')
}

function runRow(letter: string, { name, report }: NamedReport): string[] {
  const { verdict, environment, plan } = report
  const text = verdict === 'ok' ? verdict : colours.red(verdict)
  return [letter, name, plan.workload, `${environment.startedAt.slice(0, 19).replace('T', ' ')} UTC`, text]
}

function coloured(judgement: Judgement): string {
  const text = judgements[judgement]
  if (judgement === 'better') return colours.green(text)
  return judgement === 'worse' ? colours.red(text) : colours.dim(text)
}
