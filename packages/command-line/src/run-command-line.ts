import yargs, { type Argv, type Options, type PositionalOptions } from 'yargs'
import { hideBin } from 'yargs/helpers'
import { endWith } from './end-with.js'
import { UsageError } from './errors.js'
import { exitCode } from './exit-codes.js'
import { usageMessage } from './usage-message.js'

/** What yargs knows of itself but does not declare. */
interface Internals {
  getOptions(): { readonly key: object; readonly array: readonly string[] }
  getInternalMethods(): {
    getCommandInstance(): { getCommands(): string[] }
    getContext(): { readonly commands: readonly string[]; readonly fullCommands: readonly string[] }
  }
}

type Coerce = (value: unknown) => unknown

/**
 * Runs a program's command line: parses `process.argv` as `build` describes it, runs the handler, and ends the
 * process with the exit code that fits what it did or threw (see `exitCode`). Errors of the user and of the
 * system are one line on stderr, `name: what was wrong`; only our own faults have a stack.
 *
 * Options are named exactly as declared (`--no-read` is an option `no-read`), what follows `--` is in `argv['--']`,
 * words stay strings unless declared as numbers, and a `UsageError` out of `coerce` is reported with its
 * option's name.
 */
export async function runCommandLine(name: string, build: (yargs: Argv) => Argv): Promise<void> {
  process.on('uncaughtException', error => endWith(name, error))
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCode.outputClosed)
    endWith(name, error)
  })
  // Progress that nobody reads any more is no reason to stop working.
  process.stderr.on('error', () => {})

  const words = joinDashes(hideBin(process.argv))
  const parser = yargs(words)
    .scriptName(name)
    .locale('en')
    .wrap(80)
    .strict()
    .help()
    .alias('help', 'h')
    .version()
    .parserConfiguration({
      'boolean-negation': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'populate--': true,
    })
  const internals = parser as unknown as Internals
  const coercions = guardOptions(parser)
  parser
    .check(parsed => {
      checkGivenOnce(parsed, internals, coercions.keys)
      return true
    }, true)
    .fail((message, error) => {
      if (coercions.thrown !== undefined) throw coercions.thrown
      if (message === null || (error && error.name !== 'YError')) throw error
      const context = internals.getInternalMethods().getContext()
      throw new UsageError(
        usageMessage(message, {
          options: Object.keys(internals.getOptions().key),
          commands: internals.getInternalMethods().getCommandInstance().getCommands(),
          call: [name, ...context.commands].join(' '),
          operands: context.fullCommands.at(-1)?.replace(/^\S+ ?/, '') ?? '',
          words,
        })
      )
    })
  try {
    await build(parser).parseAsync()
  } catch (error) {
    endWith(name, error)
  }
}

/** A lone `-` behind an option is its value, such as stdout; yargs would take it for an argument. */
function joinDashes(words: readonly string[]): string[] {
  const end = words.indexOf('--')
  const joined: string[] = []
  words.forEach((word, at) => {
    const option = joined.at(-1) ?? ''
    const isValue = word === '-' && /^--[a-z][a-z-]*$/.test(option) && (end === -1 || at < end)
    if (isValue) joined[joined.length - 1] = `${option}=-`
    else joined.push(word)
  })
  return joined
}

/**
 * Turns a function that may return an exit code into a handler for yargs, which drops what handlers return.
 */
export function withExitCode<Arguments>(
  handler: (argv: Arguments) => number | undefined | Promise<number | undefined>
): (argv: Arguments) => Promise<void> {
  return async argv => {
    process.exitCode = (await handler(argv)) ?? exitCode.success
  }
}

interface Coercions {
  /** The options and positionals that are coerced: their values may be of any type. */
  readonly keys: Set<string>
  thrown: unknown
}

/**
 * Closes two gaps of yargs while options are declared. An option without its value would silently get its default;
 * and what `coerce` throws would be reported by its message alone, without the option's name and without the error.
 */
function guardOptions(parser: Argv): Coercions {
  const coercions: Coercions = { keys: new Set(), thrown: undefined }
  const positionals = new Set<string>()
  const patched = parser as unknown as {
    coerce(key: unknown, convert?: Coerce): Argv
    option(key: unknown, options?: Options): Argv
    positional(key: string, options: PositionalOptions): Argv
  }
  const coerce = patched.coerce.bind(parser)
  const option = patched.option.bind(parser)
  const positional = patched.positional.bind(parser)
  patched.positional = (key, options) => {
    positionals.add(key)
    return positional(key, options)
  }
  patched.option = (key, options) => {
    if (typeof key !== 'string' || options === undefined || positionals.has(key)) return option(key, options)
    return option(key, { requiresArg: needsValue(options), ...options })
  }
  patched.coerce = (key, convert) => {
    if (typeof key !== 'string' || convert === undefined) return coerce(key, convert)
    coercions.keys.add(key)
    return coerce(key, value => {
      try {
        if (Array.isArray(value) && !isList(parser as unknown as Internals, key)) throw givenTwice()
        return value === undefined ? undefined : convert(value)
      } catch (error) {
        const shownName = positionals.has(key) ? `<${key}>` : `--${key}`
        coercions.thrown = error instanceof UsageError ? new UsageError(`${shownName}: ${error.message}`) : error
        throw error
      }
    })
  }
  return coercions
}

/**
 * Without its value, an option with choices is told them, and one with `coerce` and no default is given an empty text,
 * which it may take for a value of its own. Every other one would not be noticed.
 */
function needsValue({ type, choices, coerce, default: fallback }: Options): boolean {
  const noticed = choices !== undefined || (coerce !== undefined && fallback === undefined)
  return !noticed && (type === 'string' || type === 'number' || type === 'array')
}

/** yargs turns an option that is given twice into a list, and a number that is none into NaN. */
function checkGivenOnce(parsed: Record<string, unknown>, internals: Internals, coerced: Set<string>): void {
  for (const [key, value] of Object.entries(parsed)) {
    if (key === '_' || key === '--' || key === '$0' || coerced.has(key)) continue
    if (Number.isNaN(value)) throw new UsageError(`--${key}: expected a number`)
    if (Array.isArray(value) && !isList(internals, key)) throw new UsageError(`--${key}: ${givenTwice().message}`)
  }
}

function isList(internals: Internals, key: string): boolean {
  return internals.getOptions().array.includes(key)
}

function givenTwice(): UsageError {
  return new UsageError('given more than once; expected one value')
}
