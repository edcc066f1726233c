import { exitCode } from 'command-line'
import type { Interval, LoadReport, Progress } from '../report.js'
import { csvOutput } from './csv-output.js'
import { type Destination, Destinations } from './destination.js'
import { hgrmOutput } from './hgrm-output.js'
import { htmlOutput } from './html/html-output.js'
import { jsonOutput } from './json-output.js'
import { ndjsonOutput } from './ndjson-output.js'
import type { Output, RunStart } from './output.js'
import type { OutputSettings } from './output-options.js'
import { progressOutput } from './progress-display.js'
import { type TextStream, textOutput } from './report-text.js'
import { judge, type ThresholdResult } from './threshold.js'

/** Everything that a run is told to. */
export interface Outputs {
  /** The run does not take place: no file is changed. */
  onRefusal(): void
  onStart(start: RunStart): void
  onProgress(progress: Progress): void
  onInterval(interval: Interval): void
  /** Writes what there is to write of the end. */
  onEnd(report: LoadReport): RunEnd
}

/** What became of thresholds and files. */
export interface RunEnd {
  readonly thresholds: readonly ThresholdResult[]
  /** Files that could not be written to their end, a line for each. */
  readonly problems: readonly string[]
}

const fileOutputs: Readonly<Record<'json' | 'ndjson' | 'csv' | 'hgrm' | 'html', (to: Destination) => Output>> = {
  json: jsonOutput,
  ndjson: ndjsonOutput,
  csv: csvOutput,
  hgrm: hgrmOutput,
  html: htmlOutput,
}

/**
 * Opens what the settings name: results go to stdout and to files, progress to stderr. Throws a UsageError for a file
 * that cannot be written.
 */
export function createOutputs(settings: OutputSettings, stdout: TextStream = process.stdout): Outputs {
  const destinations = new Destinations()
  const toFiles = openAll(settings, destinations)
  const outputs: Output[] = [
    // The live view first: it has to be gone when the others write.
    ...(settings.quiet ? [] : [progressOutput(process.stderr)]),
    ...(destinations.stdoutTaken ? [] : [textOutput(stdout)]),
    ...toFiles,
  ]
  return {
    onRefusal: () => destinations.leave(),
    onStart(start) {
      destinations.begin()
      for (const output of outputs) output.onStart?.(start)
    },
    onProgress(progress) {
      for (const output of outputs) output.onProgress?.(progress)
    },
    onInterval(interval) {
      for (const output of outputs) output.onInterval?.(interval)
    },
    onEnd(report) {
      const thresholds = judge(report, settings.thresholds)
      for (const output of outputs) output.onEnd?.({ report, thresholds })
      return { thresholds, problems: destinations.problems }
    },
  }
}

function openAll(settings: OutputSettings, destinations: Destinations): Output[] {
  try {
    return Object.entries(fileOutputs).flatMap(([option, create]) => {
      const file = settings[option as keyof typeof fileOutputs]
      return file === undefined ? [] : [create(destinations.open(`--${option}`, file))]
    })
  } catch (error) {
    destinations.leave()
    throw error
  }
}

/**
 * The exit code of a run: wrong bytes come first, then Ctrl-C, then connections that failed, then the thresholds, then
 * files that are not complete.
 */
export function exitCodeOf({ verdict }: LoadReport, { thresholds, problems }: RunEnd, interrupted: boolean): number {
  if (verdict === 'wrong bytes') return exitCode.wrongBytes
  if (interrupted || verdict === 'stopped') return exitCode.interrupted
  if (verdict === 'connection failed') return exitCode.connectionFailed
  if (thresholds.some(({ met }) => !met)) return exitCode.thresholdFailed
  return problems.length > 0 ? exitCode.checkFailed : exitCode.success
}
