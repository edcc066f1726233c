import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ResultDocument } from '../../src/report/result-document.js'
import { portsEnvironment } from '../fixture.js'
import { type Comparison, compareVerdict } from './compare.js'
import type { Fixture } from './fixtures-table.js'
import { findPlace, type Isolation } from './isolation.js'

const stagesProgram = fileURLToPath(new URL('../../src/cli.js', import.meta.url))

/** Longer than the judge may take whatever the program does, in milliseconds. */
const patience = { quick: 600_000, full: 1_800_000 }

/** How long a judge may take to end the program and itself when it is told to, in milliseconds. */
const endPatience = 10_000

const running = new Set<ChildProcess>()

export interface JudgeFixtureOptions {
  readonly isolation: Isolation
  /** Whether all tests are done in full even where the quick form is enough. */
  readonly full: boolean
  /** Arguments for `stages run` beside those that every fixture needs. */
  stagesArguments(fixture: Fixture): readonly string[]
  /** Where the evidence of wrong verdicts is kept. */
  readonly keep: string | undefined
}

/** What came of judging a fixture once. */
export interface JudgedFixture extends Comparison {
  readonly fixture: Fixture
  readonly seed: number | undefined
  readonly seconds: number
}

/** Has `stages` judge a fixture, as a process of its own, and compares the verdict with the table. */
export async function judgeFixture(
  fixture: Fixture,
  command: string,
  options: JudgeFixtureOptions
): Promise<JudgedFixture> {
  const folder = mkdtempSync(join(tmpdir(), 'verdicts-'))
  const startedAt = performance.now()
  try {
    const ended = await runStages(fixture, command, folder, options)
    const seconds = (performance.now() - startedAt) / 1000
    const document = readDocument(join(folder, 'verdict.json'))
    const comparison = document ? compareVerdict(fixture, document) : withoutVerdict(ended)
    if (options.keep !== undefined && comparison.outcome !== 'right') {
      cpSync(folder, join(options.keep, basename(fixture.file)), { recursive: true, force: true })
    }
    return { fixture, ...comparison, seed: document?.seed, seconds }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Ends the judges that are at work; they end their programs. */
export function endJudges(): void {
  for (const child of running) child.kill('SIGTERM')
}

/** Runs the judge to its end, and says how it ended. */
async function runStages(
  fixture: Fixture,
  command: string,
  folder: string,
  { isolation, full, stagesArguments }: JudgeFixtureOptions
): Promise<string> {
  const { ports, wrapper } = await findPlace(isolation)
  const quick = fixture.quick && !full
  const [program, ...args] = [
    ...[...wrapper, process.execPath, stagesProgram, 'run', String(fixture.stage), '--target', command],
    ...['--ports', ports.join(','), '--json', join(folder, 'verdict.json'), '--evidence', join(folder, 'evidence')],
    ...Object.entries(portsEnvironment(ports)).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...(quick ? ['--quick'] : []),
    ...stagesArguments(fixture),
  ] as [string, ...string[]]
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  running.add(child)
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-2000)
  })
  return new Promise((resolve, reject) => {
    let late = false
    const timer = setTimeout(
      () => {
        late = true
        child.kill('SIGTERM')
        setTimeout(() => child.kill('SIGKILL'), endPatience).unref()
      },
      patience[quick ? 'quick' : 'full']
    )
    child.on('error', reject)
    child.on('close', (code, signal) => {
      running.delete(child)
      clearTimeout(timer)
      resolve(late ? 'the judge did not end' : `the judge ended with ${code ?? signal}: ${errorLine(stderr)}`)
    })
  })
}

/** Of a stack trace the line that names the error, else the last line. */
function errorLine(stderr: string): string {
  const lines = stderr.trim().split('\n')
  return lines.find(line => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? ''
}

function readDocument(file: string): ResultDocument | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ResultDocument
  } catch {
    return undefined
  }
}

function withoutVerdict(ended: string): Comparison {
  return { outcome: 'wrong', verdict: 'unknown', blamed: [], reason: ended, complaint: 'expected a verdict' }
}
