import { exitCode, Failure, withExitCode } from 'command-line'
import type { CommandModule } from 'yargs'
import { examplesText } from '../help.js'
import { Destinations } from '../output/destination.js'
import { outputOptions, outputSettingsFrom } from '../output/output-options.js'
import { readReport } from '../output/report-document.js'
import { thresholdLine } from '../output/report-text.js'
import { Problems } from '../problems.js'
import type { Arguments } from '../workload.js'
import { compareReports, judgeComparison } from './compare-reports.js'
import { comparisonText } from './comparison-text.js'

const examples = [
  ['compare main.json branch.json', 'what is better, what worse?'],
  ["compare main.json branch.json --threshold 'p99<+10%'", 'exit code 99 if p99 rose by 10 %'],
] as const

/** `loadgen compare A.json B.json`. */
export const compareCommand: CommandModule = {
  command: 'compare <before> <after>',
  describe: 'Show two runs side by side, and which changes exceed the noise',
  builder: command =>
    command
      .positional('before', { type: 'string', describe: 'A report of --json' })
      .positional('after', { type: 'string', describe: 'Another one' })
      .options({
        threshold: {
          ...outputOptions.threshold,
          describe:
            "What the later run has to meet, or, with a percentage, its change: 'p99<+10%', 'rps>-5%', 'p99<5ms'",
        },
        json: { ...outputOptions.json, describe: 'Write the comparison as JSON, to FILE or to stdout' },
      })
      .epilogue(
        `${examplesText(examples)}\n\nA change exceeds the noise when the 95 % intervals of both medians, taken over the intervals of each run, do not overlap.\n\nExit codes: 0 ok, 2 usage, 99 threshold not met.`
      ),
  handler: withExitCode(args => compare(args as Arguments)),
}

function compare(args: Arguments): number {
  const problems = new Problems()
  const { thresholds, json } = outputSettingsFrom(args, problems, 'two')
  problems.settle()
  const [before, after] = [args.before, args.after].map(file => ({
    name: String(file),
    report: readReport(String(file)),
  })) as [
    { name: string; report: ReturnType<typeof readReport> },
    { name: string; report: ReturnType<typeof readReport> },
  ]
  const destinations = new Destinations()
  const document = json === undefined ? undefined : destinations.open('--json', json)
  const comparison = compareReports(before.report, after.report)
  const results = judgeComparison(before.report, after.report, thresholds)
  if (!destinations.stdoutTaken) {
    process.stdout.write(`${comparisonText(before, after, comparison, results)}\n`)
  }
  const figures = comparison.figures.map(({ figure, ...rest }) => ({ name: figure.name, unit: figure.unit, ...rest }))
  document?.write(
    `${JSON.stringify({ format: 'loadgen comparison', version: 1, before: before.name, after: after.name, figures, differences: comparison.differences, thresholds: results }, undefined, 2)}\n`
  )
  const missed = thresholdLine(results)
  if (missed !== undefined) throw new Failure(missed, exitCode.thresholdFailed)
  return exitCode.success
}
