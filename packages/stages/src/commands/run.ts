import { exitCode, Failure, parseCount, UsageError, withExitCode } from 'command-line'
import type { Argv } from 'yargs'
import { type JudgeArguments, judgeOptions } from '../judge-options.js'
import { AttachedProgram } from '../program/attached-program.js'
import { describeFlakiness } from '../report/flakiness.js'
import { describeNextSteps } from '../report/next-steps.js'
import { describePlan } from '../report/plan.js'
import { describeRun, describeSettings } from '../report/report.js'
import { repeatDocument, resultDocument } from '../report/result-document.js'
import { repeatStage, runStage } from '../run-stage.js'
import { readSettings, type Settings } from '../settings.js'
import type { StageTest } from '../stage-test.js'
import type { Stage } from '../stages.js'
import type { Verdict } from '../verdict.js'
import { findStage } from './find-stage.js'
import { openReportFiles, type ReportFileArguments, reportFileOptions } from './report-files.js'
import { verdictExitCode } from './verdict-exit-code.js'

interface RunArguments extends JudgeArguments, ReportFileArguments {
  readonly stage: Stage
  readonly only?: string | undefined
  readonly repeat?: number | undefined
  readonly 'dry-run'?: boolean | undefined
}

/** `stages run 10`: judges a program. */
export function runCommand(yargs: Argv): Argv {
  return yargs.command(
    'run <stage>',
    'Judge a program by the tests of a stage',
    command =>
      reportFileOptions(judgeOptions(command))
        .positional('stage', { type: 'string', demandOption: true, describe: 'Number of the stage', coerce: findStage })
        .option('only', { type: 'string', describe: 'Tests to run: memory,cpu', requiresArg: true })
        .option('repeat', {
          type: 'string',
          describe: 'Judge so many times, each with another seed, and show what differed',
          requiresArg: true,
          coerce: readRepeat,
        })
        .option('dry-run', { type: 'boolean', describe: 'Show what would be done, and start nothing' })
        .example('$0 run 10', 'judge our own server')
        .example('$0 run 10 --target "python3 $PWD/echo.py" --quick', 'judge another program, in short')
        .example('$0 run 10 --attach localhost --pid 4242', 'judge one that runs already'),
    withExitCode(async args => await run(args as unknown as RunArguments))
  )
}

async function run(args: RunArguments): Promise<number> {
  const { stage, only, repeat } = args
  const tests = only === undefined ? stage.tests : selectTests(stage, only)
  const settings = await readSettings(stage, args)
  if (args['dry-run']) {
    for (const line of describePlan(settings, tests, repeat ?? 1)) say(line)
    return exitCode.success
  }
  if (!('command' in settings.target)) AttachedProgram.check(settings.target)
  const writeReports = openReportFiles(args)
  for (const line of describeSettings(settings.run, tests.length)) say(line)
  say('')
  try {
    const results = await (repeat === undefined ? runOnce(tests, settings) : runRepeatedly(tests, settings, repeat))
    await writeReports(results)
    return verdictExitCode[results.verdict]
  } catch (error) {
    // A full disk is not the program's failure.
    const { code, message } = error as NodeJS.ErrnoException
    throw code === undefined || error instanceof Failure
      ? error
      : new Failure(`no verdict: ${message}`, exitCode.unknown)
  }
}

async function runOnce(tests: readonly StageTest[], settings: Settings) {
  const results = await runStage(tests, settings, say)
  const reported = results.map(result => ({ id: result.id, result }))
  for (const line of describeRun(reported, describeNextSteps(settings, results))) say(line)
  return resultDocument(settings.run, results)
}

async function runRepeatedly(tests: readonly StageTest[], settings: Settings, times: number) {
  const runs = await repeatStage(tests, settings, times, say)
  const document = repeatDocument(settings.run, runs)
  for (const line of describeFlakiness(document.flakiness)) say(line)
  const count = (verdict: Verdict) => runs.filter(one => one.verdict === verdict).length
  say(`${count('pass')} runs passed, ${count('fail')} failed, ${count('unknown')} unknown`)
  return document
}

function readRepeat(text: string): number {
  const times = parseCount(text)
  if (times < 1) throw new UsageError(`'${text}' is no number of runs; expected at least 1`)
  return times
}

function selectTests(stage: Stage, only: string): readonly StageTest[] {
  const ids = only.split(',').map(id => id.trim())
  const unknown = ids.find(id => !stage.tests.some(test => test.id === id))
  if (unknown !== undefined) {
    const known = stage.tests.map(test => test.id).join(', ')
    throw new UsageError(`--only: stage ${stage.number} has no test '${unknown}'; expected some of ${known}`)
  }
  return stage.tests.filter(test => ids.includes(test.id))
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
