import { openSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from 'command-line'
import type { Argv } from 'yargs'
import type { RepeatDocument, ResultDocument } from '../report/result-document.js'

/** The files in which a run's verdicts are asked for. */
export interface ReportFileArguments {
  readonly json?: string | undefined
  readonly junit?: string | undefined
}

/** Declares `--json` and `--junit`. With `variables`, `STAGE_JSON` and `STAGE_JUNIT` are their defaults. */
export function reportFileOptions<T>(yargs: Argv<T>, variables: Readonly<Record<string, string | undefined>> = {}) {
  const from = (name: string) => {
    const path = variables[name]
    // Turbo runs us in the package's folder; the path is meant from where the person was.
    return path ? { default: resolve(variables.INIT_CWD ?? '', path), defaultDescription: `$${name}` } : {}
  }
  return yargs
    .option('json', {
      type: 'string',
      describe: 'File for the verdicts as JSON',
      requiresArg: true,
      ...from('STAGE_JSON'),
    })
    .option('junit', {
      type: 'string',
      describe: 'File for the verdicts as JUnit XML, for CI systems',
      requiresArg: true,
      ...from('STAGE_JUNIT'),
    })
}

/**
 * Opens the files at once, since one that cannot be written is better known before the tests, and returns what
 * writes them. Throws a UsageError for one that cannot be written.
 */
export function openReportFiles(
  args: ReportFileArguments
): (results: ResultDocument | RepeatDocument) => Promise<void> {
  const [json, junit] = [open('--json', args.json), open('--junit', args.junit)]
  return async results => {
    if (json !== undefined) writeFileSync(json, `${JSON.stringify(results, undefined, 2)}\n`)
    if (junit === undefined) return
    // Whoever does not ask for it does not wait for its library.
    const { junitReport } = await import('../report/junit-report.js')
    writeFileSync(junit, junitReport(results))
  }
}

function open(option: string, path: string | undefined): number | undefined {
  if (path === undefined) return undefined
  try {
    return openSync(path, 'w')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(`${option}: '${path}' cannot be written (${code}); expected a file in a folder that exists`)
  }
}
