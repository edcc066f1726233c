import { openSync, writeFileSync } from 'node:fs'
import { exitCode, UsageError, withExitCode } from 'command-line'
import type { Argv } from 'yargs'
import { describeRun, describeSettings, verdictOf } from '../report/report.js'
import { resultDocument } from '../report/result-document.js'
import { runStage } from '../run-stage.js'
import { type JudgeArguments, judgeOptions, readSettings } from '../settings.js'
import type { Stage } from '../stages.js'
import { findStage } from './find-stage.js'

/** What the verdict on the whole stage means for whoever called. */
const exitCodes = { pass: exitCode.success, fail: exitCode.checkFailed, unknown: exitCode.unknown } as const

/** `stages run 10`: judges a program. */
export function runCommand(yargs: Argv): Argv {
  return yargs.command(
    'run <stage>',
    'Judge a program by the tests of a stage',
    command =>
      judgeOptions(command)
        .positional('stage', { type: 'string', demandOption: true, describe: 'Number of the stage', coerce: findStage })
        .option('only', { type: 'string', describe: 'Tests to run: memory,cpu', requiresArg: true })
        .option('json', { type: 'string', describe: 'File for the verdicts as JSON', requiresArg: true })
        .example('$0 run 10', 'judge our own server')
        .example('$0 run 10 --target "python3 $PWD/echo.py" --quick', 'judge another program, in short'),
    withExitCode(async args => {
      const { stage, only, json } = args as unknown as { stage: Stage; only?: string; json?: string }
      const tests = only === undefined ? stage.tests : selectTests(stage, only)
      const settings = await readSettings(stage, args as unknown as JudgeArguments)
      // A file that cannot be written is better known now than after the tests.
      const file = json === undefined ? undefined : openForWriting(json)
      const say = (line: string) => process.stdout.write(`${line}\n`)
      for (const line of describeSettings(settings.run, tests.length)) say(line)
      say('')
      const results = await runStage(tests, settings, say)
      if (file !== undefined)
        writeFileSync(file, `${JSON.stringify(resultDocument(settings, results), undefined, 2)}\n`)
      const reported = results.map(result => ({ id: result.id, result }))
      for (const line of describeRun(reported)) say(line)
      return exitCodes[verdictOf(reported)]
    })
  )
}

function openForWriting(path: string): number {
  try {
    return openSync(path, 'w')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(`--json: '${path}' cannot be written (${code}); expected a file in a folder that exists`)
  }
}

function selectTests(stage: Stage, only: string) {
  const ids = only.split(',')
  const unknown = ids.find(id => !stage.tests.some(test => test.id === id))
  if (unknown !== undefined) {
    const known = stage.tests.map(test => test.id).join(', ')
    throw new UsageError(`--only: stage ${stage.number} has no test '${unknown}'; expected some of ${known}`)
  }
  return stage.tests.filter(test => ids.includes(test.id))
}
