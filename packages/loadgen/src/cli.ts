#!/usr/bin/env node
import { exitCode, Failure, formatDuration, runCommandLine, withExitCode } from 'command-line'
import type { Argv } from 'yargs'
import { basePlanFrom, commonOptions } from './common-options.js'
import { openJsonOutput } from './json-output.js'
import { startLoad } from './load-run.js'
import { type LoadPlan, targetName } from './plan.js'
import { Problems } from './problems.js'
import { createProgressDisplay } from './progress-display.js'
import { workloads } from './registry.js'
import { type LoadReport, stallThreshold } from './report.js'
import { failureLine, reportText } from './report-text.js'
import type { Arguments, Workload } from './workload.js'

const epilogue = `A stall: ${formatDuration(stallThreshold)} or more in which a connection waited for the server \
and neither sent nor received.

Exit codes: 0 ok, 2 usage, 3 wrong bytes, 4 connection failed, 130 interrupted.`

await runCommandLine('loadgen', yargs =>
  workloads
    .reduce(addCommand, yargs.usage('Drive a TCP server and verify every byte that comes back.'))
    .demandCommand(1, `expected a workload: ${workloads.map(({ name }) => name).join(', ')}`)
)

function addCommand(yargs: Argv, workload: Workload<LoadPlan>): Argv {
  return yargs.command({
    command: `${workload.name} <targets..>`,
    describe: workload.summary,
    builder: command =>
      workload.examples
        .reduce((all, [example, explanation]) => all.example(`$0 ${example}`, explanation), command)
        .positional('targets', {
          type: 'string',
          array: true,
          describe: '[HOST:]PORT, ranges and lists of ports: 8001-8004, [::1]:8001',
        })
        .options(workload.options)
        .options(commonOptions(workload.connectRate))
        .epilogue(epilogue),
    handler: withExitCode(args => execute(workload, args as Arguments)),
  })
}

async function execute(workload: Workload<LoadPlan>, args: Arguments): Promise<number> {
  const problems = new Problems()
  const plan = workload.planFrom(args, basePlanFrom(args, problems), problems)
  problems.settle()
  const json = openJsonOutput(args.json)
  const display = createProgressDisplay(process.stderr)
  const run = await startLoad(plan, { onProgress: progress => display.show(progress) })
  let interrupted = false
  const interrupt = () => {
    if (interrupted) process.exit(exitCode.interrupted)
    interrupted = true
    run.stop()
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  announce(workload, run)
  const report = await run.report
  display.stop()

  json?.write(report)
  if (!json?.onStdout) process.stdout.write(`${reportText(report)}\n`)
  const code = interrupted ? exitCode.interrupted : codeOf(report)
  if (report.failures.length > 0) throw new Failure(failureLine(report), code)
  return code
}

function announce(workload: Workload<LoadPlan>, { plan, engine }: Awaited<ReturnType<typeof startLoad>>): void {
  const why = engine.reason === undefined ? '' : ` (${engine.reason})`
  const lines = [
    `${workload.name} to ${plan.targets.map(targetName).join(', ')}`,
    ...workload.describe(plan),
    `engine ${engine.engine}${why}, seed ${plan.seed}`,
  ]
  process.stderr.write(`${lines.join('\n  ')}\n`)
}

function codeOf({ verdict }: LoadReport): number {
  if (verdict === 'wrong bytes') return exitCode.wrongBytes
  if (verdict === 'connection failed') return exitCode.connectionFailed
  return verdict === 'stopped' ? exitCode.interrupted : exitCode.success
}
