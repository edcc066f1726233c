#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { failureLine } from './report.js'

process.setSourceMapsEnabled(true)
const paths = process.argv.slice(2)
const missing = paths.find(path => !existsSync(path))
if (paths.length === 0) {
  failureLine('expected folders or test files: suite dist/test')
  process.exitCode = 2
} else if (missing !== undefined) {
  failureLine(`${missing} does not exist; expected a folder or a test file`)
  process.exitCode = 2
} else {
  const { runFiles } = await import('./run-files.js')
  await runFiles(paths)
}
