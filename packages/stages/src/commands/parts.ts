import { exitCode, withExitCode } from 'command-line'
import type { Argv } from 'yargs'
import { judge } from '../judge.js'
import { type JudgeArguments, judgeOptions } from '../judge-options.js'
import { claimLeftOvers } from '../left-over.js'
import { AttachedProgram } from '../program/attached-program.js'
import { describeResult, describeRun, describeSettings, verdictOf } from '../report/report.js'
import { resultDocument } from '../report/result-document.js'
import { evidenceFolderOf, readSettings } from '../settings.js'
import type { Stage } from '../stages.js'
import { start } from '../start-test.js'
import { findStage } from './find-stage.js'
import { openReportFiles, type ReportFileArguments, reportFileOptions } from './report-files.js'
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
      'Begin a run whose tests are started one by one, and see whether the program starts',
      command => judgeOptions(command).positional('stage', stageOption),
      withExitCode(async args => {
        const { stage } = args as unknown as { stage: Stage }
        const settings = await readSettings(stage, args as unknown as JudgeArguments)
        // First of all, so that what an earlier run left is not taken for this one's.
        settings.evidence.begin(settings.run)
        if (!('command' in settings.target)) AttachedProgram.check(settings.target)
        for (const line of describeSettings(settings.run, stage.tests.length)) say(line)
        const result = await judge(start, { ...settings, log: line => say(`  ${line}`) })
        settings.evidence.record(result, settings.run)
        for (const line of describeResult(result)) say(line)
        // Turbo ends with the highest exit code: whether all is unknown, only the end knows.
        return result.verdict === 'pass' ? exitCode.success : exitCode.checkFailed
      })
    )
    .command(
      'verdict <stage>',
      'Show the results of the run that was begun last',
      command => reportFileOptions(judgeOptions(command), process.env).positional('stage', stageOption),
      withExitCode(async args => {
        const { stage, ...rest } = args as unknown as { stage: Stage } & JudgeArguments & ReportFileArguments
        const writeReports = openReportFiles(rest)
        const folder = evidenceFolderOf(stage, rest)
        const seen = [start, ...stage.tests].map(({ id }) => ({ id, result: folder.result(id) }))
        const claimed = claimLeftOvers(seen.flatMap(({ result }) => result ?? []))
        const reported = seen.map(({ id }) => ({ id, result: claimed.find(result => result.id === id) }))
        for (const line of describeRun(reported)) say(line)
        const verdict = verdictOf(reported)
        const results = reported.flatMap(({ result }) => (result ? [result] : []))
        if (folder.settings) await writeReports({ ...resultDocument(folder.settings, results), verdict })
        return verdictExitCode[verdict]
      })
    )
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
