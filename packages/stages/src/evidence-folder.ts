import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { UsageError } from 'command-line'
import type { TestResult } from './verdict.js'

/** What was judged, and how. All results of one run have the same. */
export interface RunSettings {
  readonly stage: number
  /** The command line; for a program that ran already, the options by which it was found. */
  readonly target: string
  readonly ports: readonly number[]
  readonly scale: 'full' | 'quick'
  readonly seed: number
}

interface RunDescription extends RunSettings {
  readonly run: string
  readonly startedAt: string
}

/** A result, and the run that it belongs to. */
type Recorded = TestResult & { readonly run: string; readonly settings: RunSettings }

const descriptionFile = 'run.json'

/** Where a stage's evidence is kept unless told otherwise: below the repository's root. */
export function defaultEvidenceFolder(stage: number): string {
  return fileURLToPath(new URL(`../../../../evidence/stage${stage}`, import.meta.url))
}

/**
 * The results of one run, which may be made by several processes one after another: each test's result in a file,
 * beside a folder with what the program wrote and what was sampled. A result of an earlier run is never taken for one
 * of this run.
 */
export class EvidenceFolder {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  /**
   * Starts a run: forgets everything that earlier ones left. Throws a UsageError for a folder that holds anything else,
   * and an error of `node:fs` where none can be made.
   */
  begin(settings: RunSettings): void {
    const content = statSync(this.path, { throwIfNoEntry: false }) && readdirSync(this.path)
    if (content && content.length > 0 && !content.includes(descriptionFile)) {
      throw new UsageError(`${this.path} holds something other than evidence; expected a new folder for the evidence`)
    }
    rmSync(this.path, { recursive: true, force: true })
    makeFolder(this.path)
    const description: RunDescription = { run: randomUUID(), startedAt: new Date().toISOString(), ...settings }
    this.#write(descriptionFile, description)
  }

  /** The run that was begun last; undefined when there is none. */
  get settings(): RunSettings | undefined {
    return this.#read<RunDescription>(descriptionFile)
  }

  /** For a test that is run alone: starts a run when there is none. */
  ensureBegun(settings: RunSettings): void {
    if (!this.settings) this.begin(settings)
  }

  /** Records a result of the present run. */
  record(result: TestResult, settings: RunSettings): void {
    const run = this.#read<RunDescription>(descriptionFile)?.run ?? ''
    this.#write(`${result.id}.json`, { ...result, run, settings } satisfies Recorded)
  }

  /** The result of a test in the present run, under its settings; undefined when there is none. */
  result(id: string): TestResult | undefined {
    const description = this.#read<RunDescription>(descriptionFile)
    const recorded = this.#read<Recorded>(`${id}.json`)
    if (!description || recorded?.run !== description.run) return undefined
    const { run: _, startedAt: __, ...settings } = description
    return JSON.stringify(recorded.settings) === JSON.stringify(settings) ? recorded : undefined
  }

  #read<Content>(name: string): Content | undefined {
    try {
      return JSON.parse(readFileSync(join(this.path, name), 'utf8')) as Content
    } catch {
      return undefined
    }
  }

  /** In one step, so that a process that is killed leaves a whole file or none. */
  #write(name: string, content: unknown): void {
    const path = join(this.path, name)
    writeFileSync(`${path}.part`, `${JSON.stringify(content, undefined, 2)}\n`)
    renameSync(`${path}.part`, path)
  }
}

/** Step by step: Node's own recursion never ends where the kernel forbids new folders, as in /proc. */
function makeFolder(path: string): void {
  const parent = dirname(resolve(path))
  if (!existsSync(parent)) makeFolder(parent)
  mkdirSync(path)
}
