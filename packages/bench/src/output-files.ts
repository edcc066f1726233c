import { closeSync, openSync, writeFileSync } from 'node:fs'
import { UsageError } from 'command-line'
import { htmlPage } from './report/html.js'
import { markdownPage } from './report/markdown.js'
import type { BenchReport } from './report.js'

/** Names of files; an empty name of `json` is stdout. */
export interface OutputNames {
  readonly json: string | undefined
  readonly html: string | undefined
  readonly markdown: string | undefined
}

/**
 * Checks the files of the reports at once: a run of an hour must not end with nowhere to put its figures. Throws a
 * `UsageError` for one that cannot be written.
 */
export function openOutputs({ json, html, markdown }: OutputNames): { write(report: BenchReport): void } {
  const outputs: [file: string | number, text: (report: BenchReport) => string][] = []
  const add = (option: string, file: string | undefined, text: (report: BenchReport) => string) => {
    if (file === undefined) return
    if (file === '' && option !== '--json') throw new UsageError(`${option} needs the name of a file`)
    if (file !== '') checkWritable(option, file)
    outputs.push([file === '' ? process.stdout.fd : file, text])
  }
  add('--json', json, report => `${JSON.stringify(report, undefined, 2)}\n`)
  add('--html', html, htmlPage)
  add('--markdown', markdown, markdownPage)
  return {
    write(report) {
      for (const [file, text] of outputs) writeFileSync(file, text(report))
    },
  }
}

// Opened for appending: what is there stays until there is something better.
function checkWritable(option: string, file: string): void {
  try {
    closeSync(openSync(file, 'a'))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new UsageError(`${option}: cannot write ${file} (${code}); expected the name of a file`)
  }
}
