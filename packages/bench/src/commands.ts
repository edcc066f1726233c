import { colours, exitCode, formatCount, formatDuration, UsageError } from 'command-line'
import { bench } from './bench.js'
import type { Scale } from './case.js'
import { cases, fullScale } from './cases.js'
import type { Contender } from './contenders/contender.js'
import { generators } from './contenders/generators.js'
import { servers } from './contenders/servers.js'
import { stores } from './contenders/stores.js'
import { openOutputs } from './output-files.js'
import { createProgressDisplay, type ProgressDisplay } from './progress.js'
import { caseTable, closingText } from './report/table.js'
import type { BenchReport } from './report.js'
import { select } from './selection.js'

/** The command line, resolved. */
export interface RunOptions {
  readonly only: readonly string[]
  readonly rounds: number
  readonly quick: boolean
  readonly scale: Scale
  readonly reference: string
  readonly loadThreads: number
  /** Files; an empty name of `json` is stdout. */
  readonly json: string | undefined
  readonly html: string | undefined
  readonly markdown: string | undefined
}

/** About what a measurement takes besides its warm-up and its duration, in milliseconds. */
const overhead = 600

const contenders: readonly Contender[] = [...servers, ...stores, ...generators]

/** Measures, prints a table as each case is done, and writes the reports. Returns the exit code. */
export async function run(options: RunOptions): Promise<number> {
  const references = { server: options.reference, store: 'memcached', load: 'c-client' }
  if (!servers.some(({ name }) => name === options.reference)) {
    const names = servers.map(({ name }) => name).join(', ')
    throw new UsageError(`--reference: there is no server '${options.reference}'; expected one of ${names}`)
  }
  const selection = select({ cases, contenders }, options.only, Object.values(references))
  const outputs = openOutputs(options)
  const print = (text: string) => {
    if (options.json !== '') process.stdout.write(text)
  }
  const interrupt = new AbortController()
  const onInterrupt = () => interrupt.abort()
  process.once('SIGINT', onInterrupt)
  let progress: ProgressDisplay | undefined
  try {
    const report = await bench(
      { ...options, ...selection, references },
      {
        onAbsent: ({ contender, reason }) => process.stderr.write(`bench: ${contender} skipped: ${reason}\n`),
        onStart(measurements) {
          const { warmUp, duration } = options.scale
          const estimate = formatDuration(Math.round((measurements * (warmUp + duration + overhead)) / 1000) * 1000)
          process.stderr.write(`bench: ${formatCount(measurements)} measurements, about ${estimate}\n`)
          progress = createProgressDisplay(measurements)
        },
        onMeasuring: position => progress?.next(position),
        onCase(caseReport, setting) {
          progress?.pause()
          print(`${caseTable(caseReport, setting)}\n`)
        },
      },
      interrupt.signal
    )
    print(closingText(report))
    outputs.write(report)
    return exitCodeOf(report)
  } finally {
    progress?.pause()
    process.off('SIGINT', onInterrupt)
  }
}

function exitCodeOf({ interrupted, cases }: BenchReport): number {
  if (interrupted) return exitCode.interrupted
  const failed = cases.some(each => each.contenders.some(({ failures }) => failures.length > 0))
  return failed ? exitCode.checkFailed : exitCode.success
}

/** All contenders and cases, with their names. */
export function listText(): string {
  const width = Math.max(...[...contenders, ...cases].map(({ name }) => name.length))
  const line = (name: string, title: string) => `  ${name.padEnd(width)}  ${title}`
  return [
    colours.bold('Servers'),
    ...servers.map(({ name, title }) => line(name, title)),
    colours.bold('Key-value stores'),
    ...stores.map(({ name, title }) => line(name, title)),
    colours.bold('Load generators'),
    ...generators.map(({ name, title }) => line(name, title)),
    colours.bold('Cases'),
    ...cases.map(each => line(each.name, each.title(fullScale))),
    colours.bold('Groups of cases'),
    `  ${[...new Set(cases.map(({ group }) => group))].join(', ')}`,
    '',
  ].join('\n')
}
