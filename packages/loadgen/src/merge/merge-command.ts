import { Failure, withExitCode } from 'command-line'
import type { CommandModule } from 'yargs'
import { examplesText } from '../help.js'
import { outputOptions, outputSettingsFrom } from '../output/output-options.js'
import { createOutputs, exitCodeOf } from '../output/outputs.js'
import { readReport } from '../output/report-document.js'
import { failureLine, thresholdLine } from '../output/report-text.js'
import { Problems } from '../problems.js'
import type { Arguments } from '../workload.js'
import { mergeReports } from './merge-reports.js'

const examples = [['merge share-*.json --json whole.json', 'one report of all']] as const

/** `loadgen merge *.json`. */
export const mergeCommand: CommandModule = {
  command: 'merge <reports..>',
  describe: 'Add up the shares of a run that several processes made (--segment)',
  builder: command =>
    command
      .positional('reports', { type: 'string', array: true, describe: 'The reports of --json of all shares' })
      .options(outputOptions)
      .epilogue(
        `${examplesText(examples)}\n\nCounters and histograms are added exactly. Percentiles cannot be added: the intervals of the result have none.\n\nExit codes: those of the run, and 5 where a share is missing, doubled or unfinished.`
      ),
  handler: withExitCode(args => merge(args as Arguments)),
}

function merge(args: Arguments): number {
  const problems = new Problems()
  const settings = outputSettingsFrom(args, problems)
  problems.settle()
  const files = (args.reports as readonly string[]).map(String)
  const report = mergeReports(files.map(name => ({ name, report: readReport(name) })))
  const outputs = createOutputs({ ...settings, quiet: true })
  outputs.onStart({
    plan: report.plan,
    engine: { engine: report.engine, reason: undefined },
    description: [`${files.length} shares`],
  })
  for (const interval of report.intervals) outputs.onInterval(interval)
  const end = outputs.onEnd(report)
  for (const problem of end.problems) process.stderr.write(`loadgen: ${problem}\n`)
  const code = exitCodeOf(report, end, false)
  const missed = thresholdLine(end.thresholds)
  if (report.failures.length > 0) throw new Failure(failureLine(report), code)
  if (missed !== undefined) throw new Failure(missed, code)
  return code
}
