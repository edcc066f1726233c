import type { Options } from 'yargs'
import type { Problems } from '../problems.js'
import type { Arguments } from '../workload.js'
import { parseThreshold, parseValueThreshold, type Threshold } from './threshold.js'

/** The options of every command that ends with a report. */
export const outputOptions: Readonly<Record<string, Options>> = {
  json: {
    group: 'Output:',
    type: 'string',
    requiresArg: false,
    describe: 'The report as JSON, to FILE or to stdout',
  },
  ndjson: {
    group: 'Output:',
    type: 'string',
    describe: 'Start, intervals and end as they come, a JSON line each',
  },
  csv: {
    group: 'Output:',
    type: 'string',
    describe: 'The intervals as comma-separated values',
  },
  hgrm: {
    group: 'Output:',
    type: 'string',
    describe: "The latencies' distribution for HdrHistogram's plotter",
  },
  html: {
    group: 'Output:',
    type: 'string',
    describe: 'A page with charts that opens from disk',
  },
  threshold: {
    group: 'Output:',
    type: 'string',
    array: true,
    nargs: 1,
    describe: "To be met, or exit code 99: 'p99<5ms', 'rps>50k', 'errors==0'",
  },
  quiet: {
    group: 'Output:',
    type: 'boolean',
    default: false,
    describe: 'Nothing on stderr but errors',
  },
}

/** What was asked for, as it was read from the command line. */
export interface OutputSettings {
  /** A file's name; `-` or nothing for stdout. */
  readonly json?: string
  readonly ndjson?: string
  readonly csv?: string
  readonly hgrm?: string
  readonly html?: string
  readonly thresholds: readonly Threshold[]
  readonly quiet: boolean
}

/**
 * The output options of a command line. What cannot be read goes to `problems`; so do thresholds of a change, except
 * where two runs are compared.
 */
export function outputSettingsFrom(args: Arguments, problems: Problems, runs: 'one' | 'two' = 'one'): OutputSettings {
  const files = (['json', 'ndjson', 'csv', 'hgrm', 'html'] as const).flatMap(option =>
    args[option] === undefined ? [] : [[option, String(args[option])]]
  )
  const parse = runs === 'two' ? parseThreshold : parseValueThreshold
  const texts = (args.threshold ?? []) as readonly string[]
  const thresholds = texts.flatMap(text => problems.read('--threshold', text, parse) ?? [])
  return { ...Object.fromEntries(files), thresholds, quiet: args.quiet === true }
}
