import { execFile } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Fixture, fixturesFolder, type Language } from './fixtures-table.js'
import { inParallel } from './in-parallel.js'

const execute = promisify(execFile)

const compiler = 'gcc'
const compilerOptions = ['-O1', '-pthread']
const binaries = fileURLToPath(new URL('../../fixtures/', import.meta.url))

const interpreters: Record<Exclude<Language, 'c'>, string> = {
  js: process.execPath,
  python: 'python3',
  perl: 'perl',
  sh: 'sh',
}

/** How to start each fixture, and those that cannot be started here: each with the name of the program that is missing. */
export interface FixtureCommands {
  readonly commands: ReadonlyMap<Fixture, string>
  readonly missing: ReadonlyMap<Fixture, string>
}

/**
 * Compiles what is written in C, unless that was done since the source or a header changed. Throws an error with the
 * compiler's words for a source that it refuses.
 */
export async function prepareFixtures(fixtures: readonly Fixture[]): Promise<FixtureCommands> {
  const tools = new Map<string, boolean>()
  for (const tool of new Set(fixtures.flatMap(toolsOf))) tools.set(tool, await isInstalled(tool))
  const missing = new Map<Fixture, string>()
  const ready = new Map<Fixture, string>()
  await inParallel(fixtures, availableParallelism(), async fixture => {
    const lacking = toolsOf(fixture).find(tool => !tools.get(tool))
    if (lacking !== undefined) missing.set(fixture, lacking)
    else ready.set(fixture, await commandOf(fixture))
  })
  // In the order of the table, not in that in which they were ready.
  const commands = new Map(fixtures.flatMap(fixture => entryOf(ready, fixture)))
  return { commands, missing }
}

function toolsOf({ language, needs }: Fixture): string[] {
  const own = language === 'c' ? compiler : interpreters[language]
  return needs === undefined ? [own] : [own, needs]
}

async function commandOf(fixture: Fixture): Promise<string> {
  const source = join(fixturesFolder, fixture.file)
  if (fixture.language === 'c') return `exec '${await compile(source, join(binaries, fixture.file.slice(0, -2)))}'`
  return `exec '${interpreters[fixture.language]}' '${source}'`
}

async function compile(source: string, binary: string): Promise<string> {
  const modified = statSync(binary, { throwIfNoEntry: false })?.mtimeMs ?? 0
  if ([source, ...headers()].every(file => statSync(file).mtimeMs < modified)) return binary
  mkdirSync(join(binary, '..'), { recursive: true })
  // Another runner may be at it as well: each makes a file of its own, and the last one stays.
  const part = `${binary}.${process.pid}`
  await execute(compiler, [...compilerOptions, '-o', part, source])
  renameSync(part, binary)
  return binary
}

function entryOf<Key, Value>(map: ReadonlyMap<Key, Value>, key: Key): [Key, Value][] {
  const value = map.get(key)
  return value === undefined ? [] : [[key, value]]
}

function headers(): string[] {
  const folder = join(fixturesFolder, 'correct/lib')
  return readdirSync(folder)
    .filter(name => name.endsWith('.h'))
    .map(name => join(folder, name))
}

async function isInstalled(tool: string): Promise<boolean> {
  const version = basename(tool) === 'sh' ? ['-c', ':'] : ['--version']
  try {
    await execute(tool, tool === 'socat' ? ['-V'] : version)
    return true
  } catch {
    return false
  }
}
