#!/usr/bin/env node
import { writeFileSync } from 'node:fs'
import { exitCode, parseCount, runCommandLine, UsageError, withExitCode } from 'command-line'
import type { Argv } from 'yargs'
import { keepCoresBusy } from './busy-processes.js'
import { type Fixture, readTable, selectFixtures, testsToBlame } from './fixtures-table.js'
import { bestIsolation, type Isolation, isolations } from './isolation.js'
import { endJudges } from './judge-fixture.js'
import { judgeFixtures } from './judge-fixtures.js'
import { countOutcomes, describeJudged, describeOutcomes, describeSkipped } from './verdicts-report.js'

interface Arguments {
  readonly only?: string
  readonly correct: boolean
  readonly broken: boolean
  readonly repeat: number
  readonly jobs: number
  readonly isolation?: Isolation
  readonly full: boolean
  readonly brief: boolean
  readonly busy: boolean
  readonly json?: string
  readonly keep?: string
  readonly '--'?: readonly string[]
}

await runCommandLine('test:verdicts', yargs =>
  declareOptions(yargs)
    .command('$0', 'Judge every fixture, and compare the verdicts with the table', {}, withExitCode(judgeThem))
    .epilogue('What follows -- is handed to stages. Exit code: 0 all right, 1 one was wrong, 5 one was unknown.')
)

function declareOptions(yargs: Argv): Argv {
  return yargs
    .option('only', { type: 'string', describe: 'Beginnings of names: memory,correct/pipe.js, or with *' })
    .option('correct', { type: 'boolean', default: false, describe: 'Only correct servers' })
    .option('broken', { type: 'boolean', default: false, describe: 'Only broken servers' })
    .option('repeat', { type: 'string', default: '1', describe: 'How often to judge each', coerce: parseCount })
    .option('jobs', { type: 'string', default: '1', describe: 'How many at the same time', coerce: parseCount })
    .option('isolation', { choices: isolations, describe: 'What keeps ports apart [default: the best there is]' })
    .option('full', { type: 'boolean', default: false, describe: 'All tests in full' })
    .option('brief', { type: 'boolean', default: false, describe: 'Of broken servers only the tests to blame' })
    .option('busy', { type: 'boolean', default: false, describe: 'Keep every core busy meanwhile' })
    .option('json', { type: 'string', describe: 'File for the results as JSON' })
    .option('keep', { type: 'string', describe: 'Folder for the evidence of verdicts that are not right' })
}

async function judgeThem(parsed: unknown): Promise<number> {
  const args = parsed as Arguments
  const fixtures = chosenFixtures(args)
  if (args.jobs === 0 || args.repeat === 0) throw new UsageError('0 jobs or rounds judge nothing; expected 1 or more')
  const isolation = args.isolation ?? (await bestIsolation())
  if (isolation === 'none' && args.jobs > 1) throw new UsageError('--jobs: runs at the same time need an isolation')
  const relax = args.busy ? keepCoresBusy() : () => {}
  process.on('exit', relax)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, giveUp)
  const { judged, skipped } = await judgeFixtures(fixtures, {
    ...{ isolation, jobs: args.jobs, repeat: args.repeat, full: args.full, keep: args.keep },
    stagesArguments: fixture => [...(args.brief ? testsToBlame(fixture) : []), ...(args['--'] ?? [])],
    onSkipped: (fixture, tool) => say(describeSkipped(fixture, tool)),
    onJudged: one => say(describeJudged(one)),
  })
  relax()
  const counts = countOutcomes(judged, skipped)
  for (const line of describeOutcomes(judged, counts)) say(line)
  if (args.json !== undefined) {
    const results = judged.map(({ fixture, ...result }) => ({ fixture: fixture.file, ...result }))
    writeFileSync(args.json, `${JSON.stringify({ counts, results }, undefined, 2)}\n`)
  }
  if (counts.wrong > 0) return exitCode.checkFailed
  return counts.unknown > 0 || counts.right === 0 ? exitCode.unknown : exitCode.success
}

function chosenFixtures({ only, correct, broken }: Arguments): Fixture[] {
  if (correct && broken)
    throw new UsageError('--correct --broken leaves none; expected one of them, or neither for all')
  const table = readTable()
  const named = only === undefined ? table : selectFixtures(table, only)
  const chosen = named.filter(({ kind }) => (!correct || kind === 'correct') && (!broken || kind === 'broken'))
  if (chosen.length === 0) throw new UsageError(`none of '${only}' is ${correct ? 'correct' : 'broken'}`)
  return chosen
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

function giveUp(): void {
  endJudges()
  process.exit(exitCode.interrupted)
}
