#!/usr/bin/env node
import { exitCode, Failure, formatDuration, runCommandLine, withExitCode } from 'command-line'
import type { Argv } from 'yargs'
import { basePlanFrom, connectionOptions, runOptions } from './common-options.js'
import { compareCommand } from './compare/compare-command.js'
import { examplesText, underHeading } from './help.js'
import { mergeCommand } from './merge/merge-command.js'
import { outputOptions, outputSettingsFrom } from './output/output-options.js'
import { createOutputs, exitCodeOf } from './output/outputs.js'
import { failureLine, thresholdLine } from './output/report-text.js'
import { checkMeasured } from './output/threshold.js'
import { type LoadPlan, type Resolved, targetName } from './plan.js'
import { Problems } from './problems.js'
import { workloads } from './registry.js'
import { stallThreshold } from './report.js'
import { startLoad } from './run/load-run.js'
import type { Arguments, Workload } from './workload.js'

const epilogue = `A stall: ${formatDuration(stallThreshold)} or more in which a connection waited for the server \
and neither sent nor received.

Exit codes: 0 ok, 1 refused by the system, 2 usage, 3 wrong bytes, 4 connection \
failed, 99 threshold not met, 130 interrupted, 141 nobody reads stdout.`

const overview = [
  ['ping-pong 8001 --duration 30s', 'requests per second and latency'],
  ['ping-pong 8001 --rate 50k --monitor auto', 'latency at 50,000 a second, and what it costs the server'],
  ['stream 8001-8004 --size 4g', 'bytes per second over four ports'],
] as const

await runCommandLine('loadgen', yargs =>
  workloads
    .reduce(addCommand, yargs.usage('Drive a TCP server and verify every byte that comes back.'))
    .command(compareCommand)
    .command(mergeCommand)
    .completion('completion', 'Print a completion script for bash or zsh')
    .epilogue(`${examplesText(overview)}\n\nloadgen WORKLOAD --help says more.`)
    .demandCommand(1, `expected a workload: ${workloads.map(({ name }) => name).join(', ')}`)
)

function addCommand(yargs: Argv, workload: Workload<LoadPlan>): Argv {
  return yargs.command({
    command: `${workload.name} <targets..>`,
    describe: workload.summary,
    builder: command =>
      command
        .usage(`loadgen ${workload.name} TARGET… [OPTIONS]\n\n${workload.summary}.`)
        .positional('targets', {
          type: 'string',
          array: true,
          describe: '[HOST:]PORT, ranges, lists: 8001-8004, [::1]:8001',
        })
        .options(underHeading('Load:', workload.options))
        .options(underHeading('Connections:', connectionOptions(workload.connectRate)))
        .options(underHeading('Run:', runOptions))
        .options(underHeading('Output:', outputOptions))
        .epilogue(`${examplesText(workload.examples)}\n\n${epilogue}`),
    handler: withExitCode(args => execute(workload, args as Arguments)),
  })
}

async function execute(workload: Workload<LoadPlan>, args: Arguments): Promise<number> {
  const problems = new Problems()
  const plan = workload.planFrom(args, basePlanFrom(args, problems), problems)
  const settings = outputSettingsFrom(args, problems)
  checkMeasured(settings.thresholds, workload, plan, problems)
  problems.settle()
  const outputs = createOutputs(settings)
  const run = await startLoad(plan, outputs).catch(error => {
    outputs.onRefusal()
    throw error
  })
  let interrupted = false
  const interrupt = () => {
    if (interrupted) process.exit(exitCode.interrupted)
    interrupted = true
    run.stop()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  outputs.onStart({ plan: run.plan, engine: run.engine, description: descriptionOf(workload, run) })
  const report = await run.report
  const end = outputs.onEnd(report)
  for (const problem of end.problems) process.stderr.write(`loadgen: ${problem}\n`)
  const code = exitCodeOf(report, end, interrupted)
  const missed = thresholdLine(end.thresholds)
  if (report.failures.length > 0) throw new Failure(failureLine(report), code)
  if (missed !== undefined) throw new Failure(missed, code)
  return code
}

function descriptionOf(
  workload: Workload<LoadPlan>,
  { plan, engine, notes }: Awaited<ReturnType<typeof startLoad>>
): string[] {
  const why = engine.reason === undefined ? '' : ` (${engine.reason})`
  return [
    `${workload.name} to ${plan.targets.map(targetName).join(', ')}${shareText(plan)}`,
    ...workload.describe(plan),
    `engine ${engine.engine}${why}, seed ${plan.seed}${threadsText(plan.threads)}`,
    ...notes.map(note => `note: ${note}`),
  ]
}

function shareText({ segment: { index, count } }: Resolved<LoadPlan>): string {
  return count === 1 ? '' : `, share ${index} of ${count} of the whole:`
}

function threadsText(threads: number): string {
  return threads === 1 ? '' : `, ${threads} threads`
}
