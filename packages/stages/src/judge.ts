import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withinLimit } from './patience.js'
import { Program } from './program/program.js'
import { ResourceWatch } from './resource-watch.js'
import type { Scale } from './scale.js'
import type { StageTest } from './stage-test.js'
import { Trial } from './trial.js'
import { Blame, Doubt, type TestResult } from './verdict.js'

/** The program to be judged, and how to start it. */
export interface TargetOptions {
  /** A command line for `/bin/sh`. */
  readonly command: string
  /** Where it runs; an empty folder of its own when undefined. */
  readonly workingDirectory?: string | undefined
  readonly environment?: Readonly<Record<string, string>>
  /** IP addresses at which it may listen, the preferred one first. */
  readonly hosts: readonly string[]
  readonly ports: readonly number[]
  /** Milliseconds. */
  readonly startTimeout: number
}

export interface JudgeOptions {
  readonly target: TargetOptions
  readonly scale: Scale
  readonly seed: number
  /** For what the program writes and what is sampled, in a folder of the test's name. */
  readonly evidenceFolder: string
  log(line: string): void
}

/** How long a lost connection may be ahead of the news that the program died, in milliseconds. */
const newsDelay = 500

/** How long a test may take to notice that its program has died, in milliseconds. */
const testEndPatience = 10_000

/** Lines of each output of the program that stand in the evidence. */
const tailLines = 32

type Finding = Blame | Doubt | undefined

/**
 * Starts the program, runs one test on it, ends it, and says what came of it. Nothing that a program does makes it
 * throw; what it throws is a fault of the judge.
 */
export async function judge(test: StageTest, options: JudgeOptions): Promise<TestResult> {
  const startedAt = performance.now()
  const folder = join(options.evidenceFolder, test.id)
  await mkdir(folder, { recursive: true })
  const workingDirectory = options.target.workingDirectory ?? (await mkdtemp(join(tmpdir(), 'stages-')))
  try {
    const partial = await judgeIn(workingDirectory, folder, test, options)
    return { id: test.id, ...partial, seconds: (performance.now() - startedAt) / 1000 }
  } finally {
    if (options.target.workingDirectory === undefined) await rm(workingDirectory, { recursive: true, force: true })
  }
}

async function judgeIn(
  workingDirectory: string,
  folder: string,
  test: StageTest,
  options: JudgeOptions
): Promise<Omit<TestResult, 'id' | 'seconds'>> {
  let program: Program
  try {
    program = await Program.start({ ...options.target, workingDirectory, outputFolder: folder })
  } catch (error) {
    const finding = asFinding(error)
    return { ...describeFinding(finding, test), measured: {}, limit: {}, evidence: finding?.evidence ?? {} }
  }
  let trial: Trial | undefined
  let finding: Finding
  try {
    const resources = await ResourceWatch.start(program)
    try {
      trial = new Trial({ ...options, target: program, resources })
      finding = await tryTest(test, trial)
      finding ??= resources.doubt()
    } finally {
      await trial?.close()
      await writeFile(join(folder, 'samples.json'), `${JSON.stringify(resources.samples)}\n`)
      await resources.stop()
    }
  } finally {
    const stopped = await program.stop()
    trial?.addEvidence({
      program: {
        command: options.target.command,
        pid: program.pid,
        host: program.host,
        ports: program.ports,
        startedInMilliseconds: Math.round(program.startedIn),
        endedBy: stopped.by,
        endedInMilliseconds: Math.round(stopped.milliseconds),
        stdout: program.stdout.lastLines(tailLines),
        stderr: program.stderr.lastLines(tailLines),
      },
    })
    if (stopped.leftBehind.length > 0) {
      finding ??= new Doubt(`processes remain that SIGKILL did not end: ${stopped.leftBehind.join(', ')}`)
    }
  }
  const { measured, limit, evidence } = trial
  return { ...describeFinding(finding, test), measured, limit, evidence: { ...evidence, ...finding?.evidence } }
}

async function tryTest(test: StageTest, trial: Trial): Promise<Finding> {
  const program = trial.target
  const run = test.run(trial).then(() => undefined, asFinding)
  const finding = await Promise.race([run, program.ended.then(() => 'dead' as const)])
  if (finding === 'dead') {
    return ownMatter(trial, blameDeath(trial, await withinLimit(run, testEndPatience)))
  }
  // A dying program loses its connections first.
  if (finding instanceof Blame && finding.kind === 'connection') {
    await withinLimit(program.ended, newsDelay)
    if (program.end) return ownMatter(trial, blameDeath(trial, finding))
  }
  return ownMatter(trial, finding)
}

/** The finding, if the test may judge by it. */
function ownMatter(trial: Trial, finding: Finding): Finding {
  if (finding === undefined || trial.counts(finding)) return finding
  trial.addEvidence({ leftToOtherTests: finding.message })
  return undefined
}

/** A program that has died is blamed for that, unless it had returned wrong bytes before. */
function blameDeath(trial: Trial, finding: Finding): Blame {
  if (finding instanceof Blame && finding.kind === 'bytes') return finding
  const program = trial.target
  const when = trial.describeLast(program.end?.at ?? performance.now())
  const evidence = finding ? { noticedAs: finding.message } : {}
  return new Blame('connection', `the program ${program.describeEnd(when)}`, evidence)
}

function asFinding(error: unknown): Finding {
  if (error instanceof Blame || error instanceof Doubt) return error
  throw error
}

function describeFinding(
  finding: Finding,
  test: StageTest
): Pick<TestResult, 'verdict' | 'reason' | 'usualCause' | 'asks'> {
  if (finding === undefined) return { verdict: 'pass', reason: 'passed', asks: test.asks }
  if (finding instanceof Doubt) return { verdict: 'unknown', reason: finding.message, asks: test.asks }
  return { verdict: 'fail', reason: finding.message, usualCause: test.usualCauses[finding.kind], asks: test.asks }
}
