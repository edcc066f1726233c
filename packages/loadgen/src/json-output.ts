import { openSync, writeFileSync } from 'node:fs'
import { UsageError } from 'command-line'
import type { LoadReport } from './report.js'

/** Where the report goes as JSON. */
export interface JsonOutput {
  /** stdout then carries the JSON and nothing else. */
  readonly onStdout: boolean
  write(report: LoadReport): void
}

/**
 * What `--json [FILE]` asks for; undefined when it is absent. The file is opened at once: a run must not end with
 * nowhere to put its report. Throws a UsageError where that fails.
 */
export function openJsonOutput(option: unknown): JsonOutput | undefined {
  if (option === undefined) return undefined
  const file = String(option)
  if (file === '') {
    return { onStdout: true, write: report => process.stdout.write(`${JSON.stringify(report, undefined, 2)}\n`) }
  }
  const descriptor = open(file)
  return {
    onStdout: false,
    write(report) {
      writeFileSync(descriptor, `${JSON.stringify(report, undefined, 2)}\n`)
    },
  }
}

function open(file: string): number {
  try {
    return openSync(file, 'w')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(`--json: cannot write ${file} (${code}); expected the name of a file`)
  }
}
