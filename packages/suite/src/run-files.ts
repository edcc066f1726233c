import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse, type Suite as TestFile } from 'uvu/parse'
import { run } from 'uvu/run'
import { expectEndSoon } from './leaks.js'
// Counting starts before the first test file is loaded, so that even one that does not load is noticed.
import { expectFiles } from './ledger.js'
import { watch } from './watchdog.js'

/** How long loading all test files may take, in milliseconds. */
const loadLimit = 60_000

/**
 * Runs test files in this process: the files named, and every `*.test.js` below the folders named, except
 * those in folders called `fixtures`. When the process ends it prints `N passed, N failed` on its last line, and
 * its exit code is 1 unless every test that was registered passed or was skipped.
 * Throws an error of `node:fs` for a path that does not exist, and whatever a test file throws while it loads.
 */
export async function runFiles(paths: readonly string[]): Promise<void> {
  const files: TestFile[] = []
  for (const path of paths) {
    if (statSync(path).isDirectory()) {
      const found = await parse(path, /\.test\.js$/, { ignore: ['(^|/)fixtures(/|$)'] })
      files.push(...found.suites)
    } else {
      files.push({ name: path, file: resolve(path) })
    }
  }
  expectFiles(files.map(file => file.name))
  watch('the loading of test files', loadLimit)
  // uvu puts `file:///` before the path and leaves its special characters as they are.
  await run(files.map(({ name, file }) => ({ name, file: pathToFileURL(file).pathname.slice(1) })))
  expectEndSoon()
}
