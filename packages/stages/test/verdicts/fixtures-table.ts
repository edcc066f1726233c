import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { UsageError } from 'command-line'

/** What runs a fixture: `c` is compiled, everything else is interpreted. */
export type Language = 'js' | 'c' | 'python' | 'perl' | 'sh'

/** A server of which it is known what is wrong with it, and the verdict that it deserves. */
export interface Fixture {
  /** Below `fixtures/`: `broken/bytes-reversed.js`. */
  readonly file: string
  readonly language: Language
  /** A program that it needs beside its language's own; it is skipped where there is none. */
  readonly needs?: string
  readonly stage: number
  readonly kind: 'correct' | 'broken'
  readonly defect: string
  /** One of these tests at least must fail, with a reason that matches. */
  readonly blame: readonly string[]
  /** No test but these and those to blame may fail. */
  readonly mayAlsoFail: readonly string[]
  /** A regular expression; `port 8001` is the first port, whichever it was. */
  readonly reason: string
  /** Whether the quick form of the tests is enough. */
  readonly quick: boolean
  /** About how long the verdict takes. */
  readonly seconds: number
}

export const fixturesFolder = fileURLToPath(new URL('../../../fixtures/', import.meta.url))

/** The table of all fixtures: `fixtures/verdicts.json`. */
export function readTable(): Fixture[] {
  return JSON.parse(readFileSync(`${fixturesFolder}verdicts.json`, 'utf8')) as Fixture[]
}

/** The fixtures that lie in the folders, whether or not the table has them. */
export function fixtureFiles(): string[] {
  return ['broken', 'correct'].flatMap(kind =>
    readdirSync(fixturesFolder + kind, { withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => `${kind}/${entry.name}`)
  )
}

/**
 * The fixtures that a list of names asks for: `broken/memory-in-a-memfd.c`, the beginning of such a name with or
 * without its folder (`memory`), or a pattern in which `*` is any text. Throws a UsageError for a name that none has.
 */
export function selectFixtures(table: readonly Fixture[], only: string): Fixture[] {
  const patterns = only.split(',').map(name => ({ name, pattern: asPattern(name) }))
  const unknown = patterns.find(({ pattern }) => !table.some(({ file }) => pattern.test(file)))
  if (unknown) {
    throw new UsageError(`--only: no fixture is called '${unknown.name}'; expected names such as broken/memory,pipe.js`)
  }
  return table.filter(({ file }) => patterns.some(({ pattern }) => pattern.test(file)))
}

function asPattern(name: string): RegExp {
  const text = name.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')
  return new RegExp(`^(\\w+/)?${text}`)
}

/** The arguments for `stages run` that leave out every test but those to blame, and `start`, which is always done. */
export function testsToBlame({ kind, blame }: Fixture): string[] {
  if (kind === 'correct') return []
  const tests = blame.filter(test => test !== 'start')
  return ['--only', tests.length > 0 ? tests.join(',') : 'single']
}
