import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { UsageError } from 'command-line'
import { figureNamed, plainFigureNames } from '../measurement/figures.js'
import type { LatencyKind } from '../measurement/latency-kind.js'
import type { LatencySummary } from '../measurement/latency-recorder.js'
import { summariesOf } from '../measurement/recorded-latency.js'
import type { LoadReport } from '../report.js'
import type { RunResult } from './output.js'
import type { ThresholdResult } from './threshold.js'

/** A report as `--json` writes it; load-report.schema.json, beside the package's sources, describes every field. */
export interface ReportDocument extends LoadReport {
  readonly format: 'loadgen report'
  readonly version: 1
  /** The figures that thresholds have names for, as far as they were measured. */
  readonly figures: Readonly<Record<string, number>>
  /** What the histograms in `latency` come to, in milliseconds. */
  readonly latencySummary: Partial<Record<LatencyKind, LatencySummary>>
  readonly thresholds: readonly ThresholdResult[]
}

/** The schema of a report document (JSON Schema 2020-12). */
export function reportSchema(): object {
  return JSON.parse(readFileSync(new URL('../../../load-report.schema.json', import.meta.url), 'utf8'))
}

/** A report with everything that is worked out from it. */
export function reportDocument({ report, thresholds }: RunResult): ReportDocument {
  const figures = plainFigureNames.flatMap(name => {
    const value = figureNamed(name)?.of(report)
    return value === undefined ? [] : [[name, value]]
  })
  return {
    ...{ format: 'loadgen report', version: 1, verdict: report.verdict },
    figures: Object.fromEntries(figures),
    latencySummary: summariesOf(report.latency),
    thresholds,
    ...report,
  }
}

let validate: ValidateFunction | undefined

/** Reads what `--json` wrote. Throws a UsageError for a file that is absent, or is anything else. */
export function readReport(file: string): LoadReport {
  const document = parse(file)
  validate ??= new Ajv2020({ strict: true, allowUnionTypes: true }).compile(reportSchema())
  if (validate(document)) {
    checkHistograms(file, document as ReportDocument)
    return document as ReportDocument
  }
  const { instancePath = '', message = '' } = validate.errors?.[0] ?? {}
  const where = instancePath === '' ? '' : ` at ${instancePath.slice(1).replaceAll('/', '.')}`
  throw new UsageError(`${file} is not a report of loadgen --json${where}: ${message}`)
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== undefined) throw new UsageError(`cannot read ${file} (${code}); expected a report of loadgen --json`)
    throw new UsageError(`${file} is not JSON; expected a report of loadgen --json`)
  }
}

function checkHistograms(file: string, { latency }: ReportDocument): void {
  try {
    summariesOf(latency)
  } catch (error) {
    throw new UsageError(`${file} has a damaged histogram: ${(error as Error).message}`)
  }
}
