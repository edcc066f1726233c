import { withExitCode } from 'command-line'
import type { Argv } from 'yargs'
import { type JudgeArguments, judgeOptions } from '../judge-options.js'
import { AttachedProgram } from '../program/attached-program.js'
import { describeRun, describeSettings, verdictOf } from '../report/report.js'
import { evidenceFolderOf, readSettings } from '../settings.js'
import type { Stage } from '../stages.js'
import { findStage } from './find-stage.js'
import { verdictExitCode } from './verdict-exit-code.js'

const stageOption = {
  type: 'string',
  demandOption: true,
  describe: 'Number of the stage',
  coerce: findStage,
} as const

/**
 * `stages begin 10` and `stages verdict 10`: the two ends of a run whose tests are processes of their own, as when
 * turbo runs them.
 */
export function partsCommands(yargs: Argv): Argv {
  return yargs
    .command(
      'begin <stage>',
      'Begin a run whose tests are started one by one',
      command => judgeOptions(command).positional('stage', stageOption),
      async args => {
        const { stage } = args as unknown as { stage: Stage }
        const settings = await readSettings(stage, args as unknown as JudgeArguments)
        if (!('command' in settings.target)) AttachedProgram.check(settings.target)
        settings.evidence.begin(settings.run)
        for (const line of describeSettings(settings.run, stage.tests.length)) process.stdout.write(`${line}\n`)
      }
    )
    .command(
      'verdict <stage>',
      'Show the results of the run that was begun last',
      command => judgeOptions(command).positional('stage', stageOption),
      withExitCode(args => {
        const { stage, ...rest } = args as unknown as { stage: Stage } & JudgeArguments
        const folder = evidenceFolderOf(stage, rest)
        const reported = stage.tests.map(({ id }) => ({ id, result: folder.result(id) }))
        for (const line of describeRun(reported)) process.stdout.write(`${line}\n`)
        return verdictExitCode[verdictOf(reported)]
      })
    )
}
