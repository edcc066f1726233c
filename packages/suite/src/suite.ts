import { inspect, types } from 'node:util'
import { suite as uvuSuite } from 'uvu'
import { compare } from 'uvu/diff'
import { register, settle } from './ledger.js'
import { watch } from './watchdog.js'

/** Options of a suite, or of one test in it. */
export interface Options {
  /** Milliseconds that one test may take. */
  readonly timeLimit: number
}

/** Registers the tests of one suite. There are no hooks: uvu swallows their errors. */
export interface Suite {
  /** Registers a test; it fails when it throws, rejects, or takes longer than its time limit. */
  (name: string, run: () => unknown, options?: Options): void
  /** Registers a test that does not run here. It is counted, and shown with the reason. */
  skip(name: string, reason: string, run?: () => unknown, options?: Options): void
  /** Hands the tests to uvu. Tests of a suite that never does so count as missing, and fail the process. */
  run(): void
}

const defaultTimeLimit = 10_000

/** How long uvu may take to report between two tests, in milliseconds; long diffs take a while. */
const reportLimit = 60_000

/** `setTimeout` turns anything longer into 1 ms. */
const longestTimeLimit = 2 ** 31 - 1

/**
 * Opens a suite of uvu tests in which every test has a time limit (milliseconds, 10,000 unless told otherwise)
 * and no test can get lost. Throws a `RangeError` for a time limit that is not a positive number.
 */
export function suite(name: string, options: Options = { timeLimit: defaultTimeLimit }): Suite {
  const inner = uvuSuite(name)
  checkTimeLimit(options.timeLimit)

  const test = (testName: string, run: () => unknown, { timeLimit }: Options = options): void => {
    checkTimeLimit(timeLimit)
    if (typeof run !== 'function') throw new TypeError(`test '${testName}' has no function to run`)
    const fullName = `${name}: ${testName}`
    const entry = register(fullName)
    inner(testName, async () => {
      watch(`'${fullName}'`, timeLimit)
      try {
        await withinLimit(run, timeLimit)
        settle(entry, 'passed')
      } catch (error) {
        settle(entry, 'failed')
        throw printable(error)
      } finally {
        watch(`the time after '${fullName}'`, reportLimit)
      }
    })
  }

  const skip: Suite['skip'] = (testName, reason) => {
    inner.skip(testName)
    settle(register(`${name}: ${testName}`), 'skipped', reason)
  }

  return Object.assign(test, { skip, run: () => inner.run() })
}

async function withinLimit(run: () => unknown, limit: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const overrun = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`took longer than ${limit} ms`)), limit)
  })
  try {
    await Promise.race([(async () => run())(), overrun])
  } finally {
    clearTimeout(timer)
  }
}

function checkTimeLimit(limit: number): void {
  if (!(limit > 0 && limit <= longestTimeLimit)) {
    throw new RangeError(`timeLimit: ${limit} is not a number of milliseconds from 1 to ${longestTimeLimit}`)
  }
}

/** uvu breaks off the whole run when it cannot print what a test threw. */
function printable(thrown: unknown): Error {
  if (!types.isNativeError(thrown)) return new Error(`threw ${inspect(thrown)}, which is not an Error`)
  const error = thrown as Error & { actual?: unknown; expected?: unknown; operator?: unknown }
  if (typeof error.name !== 'string' || (error.operator && typeof error.operator !== 'string')) {
    return new Error(inspect(thrown))
  }
  if (error.cause !== undefined) error.stack += `\ncaused by ${inspect(error.cause)}`
  if (error.name.startsWith('AssertionError')) {
    try {
      compare(error.actual, error.expected)
    } catch {
      error.actual = inspect(error.actual)
      error.expected = inspect(error.expected)
    }
  }
  return error
}
