import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { count } from './format.js'
import { generalCauses } from './general-causes.js'
import { leftOver } from './left-over.js'
import { ownErrors } from './load-blame.js'
import { describeShortage, readMachine } from './machine.js'
import { withinLimit } from './patience.js'
import { AttachedProgram, type AttachOptions } from './program/attached-program.js'
import { findExhausted } from './program/descriptor-limit.js'
import type { Program, StopReport } from './program/program.js'
import { StartedProgram } from './program/started-program.js'
import { ResourceWatch } from './resource-watch.js'
import type { Scale } from './scale.js'
import type { StageTest } from './stage-test.js'
import { Trial } from './trial.js'
import { Blame, Doubt, type TestResult } from './verdict.js'
import { Wakefulness } from './wakefulness.js'

/** A program to be started for each test, and how. */
export interface StartOptions {
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

/** The program to be judged: to be started, or running already. */
export type TargetOptions = StartOptions | AttachOptions

export interface JudgeOptions {
  readonly target: TargetOptions
  readonly scale: Scale
  readonly seed: number
  /** For what the program writes and what is sampled, in a folder of the test's name. */
  readonly evidenceFolder: string
  log(line: string): void
}

/** How long a lost connection may be ahead of the news that the program died, in milliseconds. */
const newsDelay = 1_000

/** How long a test may take to notice that its program has died, in milliseconds. */
const testEndPatience = 10_000

/** Lines of each output of the program that stand in the evidence. */
const tailLines = 32

type Finding = Blame | Doubt | undefined

/**
 * Runs one test on the program, which is started for it and ended after it unless it was running already, and says what
 * came of it. Never throws: a fault of the judge leaves the verdict unknown, with its stack in the evidence.
 */
export async function judge(test: StageTest, options: JudgeOptions): Promise<TestResult> {
  const startedAt = performance.now()
  const partial = await judgeInFolder(test, options).catch(error => describeFinding(asFinding(error), test))
  return { id: test.id, ...nothing, ...partial, seconds: (performance.now() - startedAt) / 1000 }
}

type PartialResult = Omit<TestResult, 'id' | 'seconds' | keyof typeof nothing> & Partial<TestResult>

const nothing = { measured: {}, limit: {}, evidence: {} }

async function judgeInFolder(test: StageTest, options: JudgeOptions): Promise<PartialResult> {
  const folder = join(options.evidenceFolder, test.id)
  await mkdir(folder, { recursive: true })
  const shortage = describeShortage(readMachine())
  if (shortage !== undefined) return describeFinding(new Doubt(shortage), test)
  const { target } = options
  if (!('command' in target))
    return await judgeProgram(async () => AttachedProgram.attach(target), folder, test, options)
  const workingDirectory = target.workingDirectory ?? (await mkdtemp(join(tmpdir(), 'stages-')))
  const start = () => StartedProgram.start({ ...target, workingDirectory, outputFolder: folder })
  try {
    return await judgeProgram(start, folder, test, options)
  } finally {
    // What a process that even SIGKILL does not end still writes there is its own affair.
    if (target.workingDirectory === undefined) await rm(workingDirectory, { recursive: true }).catch(() => {})
  }
}

async function judgeProgram(
  find: () => Promise<Program>,
  folder: string,
  test: StageTest,
  options: JudgeOptions
): Promise<PartialResult> {
  const wakefulness = new Wakefulness()
  let program: Program | undefined
  let trial: Trial | undefined
  let finding: Finding
  try {
    program = await find()
    const resources = await ResourceWatch.start(program)
    try {
      trial = new Trial({ ...options, target: program, resources })
      finding = await tryTest(test, trial)
      finding ??= resources.doubt()
    } finally {
      await trial?.close()
      await resources.stop()
      await writeFile(join(folder, 'samples.json'), `${JSON.stringify(resources.samples)}\n`).catch(() => {})
    }
  } catch (error) {
    finding ??= asFinding(error)
  }
  finding = excuse(finding, wakefulness)
  wakefulness.stop()
  const stopped = await program?.stop()
  if (program && stopped) {
    trial?.addEvidence({ program: describeProgram(program, options.target, stopped) })
    if (stopped.leftBehind.length > 0) {
      finding ??= new Doubt(`processes remain that SIGKILL did not end: ${stopped.leftBehind.join(', ')}`)
    }
  }
  const { measured, limit, evidence } = trial ?? nothing
  return { ...describeFinding(finding, test), measured, limit, evidence: { ...evidence, ...finding?.evidence } }
}

function describeProgram(program: Program, target: TargetOptions, stopped: StopReport) {
  const { pid, host, ports, startedIn, stdout, stderr } = program
  if (!('command' in target)) return { attached: true, pid, host, ports }
  return {
    command: target.command,
    pid,
    host,
    ports,
    startedInMilliseconds: Math.round(startedIn ?? 0),
    endedBy: stopped.by,
    endedInMilliseconds: Math.round(stopped.milliseconds),
    stdout: stdout?.lastLines(tailLines),
    stderr: stderr?.lastLines(tailLines),
  }
}

/** Time without progress, or without rest, blames nobody on a machine that did not even let the judge run. */
function excuse(finding: Finding, wakefulness: Wakefulness): Finding {
  const byTime =
    finding instanceof Blame &&
    (finding.kind === 'stall' || finding.evidence.timedOut === true || finding.evidence.starved === true)
  const late = wakefulness.latePercent
  if (!byTime || !wakefulness.isHindered) return finding
  return new Doubt(
    `this machine is too slow to tell: the judge itself did not get to run for ${late.toFixed(0)} % of the last 10 s ` +
      `(otherwise: ${finding.message})`,
    { ...finding.evidence, latePercent: late }
  )
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
  return ownMatter(trial, explain(trial, finding))
}

/** Says of a program that serves nobody any more that it has no descriptors left, if it has none. */
function explain({ target: { pid, tree } }: Trial, finding: Finding): Finding {
  if (!(finding instanceof Blame) || (finding.kind !== 'stall' && finding.kind !== 'connection')) return finding
  const descriptors = findExhausted(tree?.members().map(member => member.pid) ?? (pid === undefined ? [] : [pid]))
  if (descriptors === undefined) return finding
  const state = `the program has ${count(descriptors.open)} of ${count(descriptors.limit)} possible descriptors open`
  return new Blame(finding.kind, `${finding.message}; ${state}`, { ...finding.evidence, descriptors })
}

/** The finding, if the test may judge by it. */
function ownMatter(trial: Trial, finding: Finding): Finding {
  if (finding === undefined || trial.counts(finding)) return finding
  trial.addEvidence({ [leftOver]: finding.message })
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

/** Whatever is not the program's fault is the judge's, or that of the machine on which it runs. */
function asFinding(error: unknown): Blame | Doubt {
  if (error instanceof Blame || error instanceof Doubt) return error
  const { message, code, stack } = error as NodeJS.ErrnoException
  const short = code !== undefined && (ownErrors.has(code) || code === 'EAGAIN' || code === 'ENOSPC')
  const what = short ? 'this machine has not enough for the judge' : 'the judge itself is at fault'
  return new Doubt(`${what}: ${message}`, { stack })
}

function describeFinding(
  finding: Finding,
  test: StageTest
): Pick<TestResult, 'verdict' | 'reason' | 'usualCause' | 'asks'> {
  if (finding === undefined) return { verdict: 'pass', reason: 'passed', asks: test.asks }
  if (finding instanceof Doubt) return { verdict: 'unknown', reason: finding.message, asks: test.asks }
  const usualCause = test.usualCauses[finding.kind] ?? generalCauses[finding.kind]
  return { verdict: 'fail', reason: finding.message, usualCause, asks: test.asks }
}
