import { runCommandLine } from 'command-line'
import { judge } from './judge.js'
import { type JudgeArguments, judgeOptions } from './judge-options.js'
import { describeResult, describeSettings } from './report/report.js'
import { notTried } from './run-stage.js'
import { evidenceFolderOf, readSettings } from './settings.js'
import type { StageTest } from './stage-test.js'
import { stages } from './stages.js'
import { start } from './start-test.js'

/**
 * How long one test may take, in milliseconds. Patience is about progress, which every test watches by itself; this is
 * long enough for 4 GiB at 1 MiB/s, and only keeps a fault of ours from lasting for ever.
 */
const timeLimit = 2 * 60 * 60 * 1000

/** Runs one test of a stage as a uvu suite, with the settings from the command line and the environment. */
export async function runSuite(stageNumber: number, test: StageTest): Promise<void> {
  const stage = stages.get(stageNumber)
  if (!stage) throw new Error(`there is no stage ${stageNumber}`)
  const handler = async (args: JudgeArguments) => {
    // The seed is the run's, so that one seed repeats all of it.
    const settings = await readSettings(stage, args, evidenceFolderOf(stage, args).settings?.seed)
    // Only now: uvu counts from the moment it is loaded.
    const { suite } = await import('suite')
    const run = suite(`stage ${stageNumber}`, { timeLimit })
    run(test.id, async () => {
      say(test.title)
      for (const line of describeSettings(settings.run, 1)) say(line)
      settings.evidence.ensureBegun(settings.run)
      const started = settings.evidence.result(start.id)
      const result =
        started && started.verdict !== 'pass'
          ? notTried(test, started)
          : await judge(test, { ...settings, log: line => say(`  ${line}`) })
      settings.evidence.record(result, settings.run)
      for (const line of describeResult(result)) say(line)
      if (result.verdict !== 'pass') throw new NotPassed(result.reason)
    })
    run.run()
  }
  await runCommandLine(`stage${stageNumber}:${test.id}`, yargs =>
    judgeOptions(yargs).command('$0', test.title, {}, args => handler(args as unknown as JudgeArguments))
  )
}

/** Where our code threw it says nothing about the program that was judged. */
class NotPassed extends Error {
  override readonly stack: string

  constructor(reason: string) {
    super(reason)
    this.name = 'NotPassed'
    this.stack = `${this.name}: ${reason}\n`
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
