import { parseCount, parseDuration, runCommandLine, UsageError, withExitCode } from 'command-line'
import { openOutputFiles } from './report/output-files.js'
import { existingTarget, startTarget } from './target.js'
import { watch } from './watch.js'

/** Shorter intervals would measure the monitor. */
const shortestInterval = 50

function parseInterval(text: string): number {
  const interval = parseDuration(text)
  if (interval < shortestInterval)
    throw new UsageError(`'${text}' is too short; expected at least ${shortestInterval}ms`)
  return interval
}

function parsePid(text: string): number {
  const pid = parseCount(text)
  if (pid < 1) throw new UsageError(`'${text}' is not a process; expected its pid, such as 4242`)
  return pid
}

await runCommandLine('monitor', yargs =>
  yargs
    .usage(
      '$0 --pid N [options]\n$0 [options] -- COMMAND...\n\nSamples the CPU and memory of a process and all that it started'
    )
    .command(
      '$0',
      false,
      command =>
        command
          .option('pid', {
            type: 'string',
            coerce: parsePid,
            describe: 'The process to watch, with all its descendants',
          })
          .option('interval', {
            type: 'string',
            coerce: parseInterval,
            default: '500ms',
            describe: 'Time between samples',
          })
          .option('duration', {
            type: 'string',
            coerce: parseDuration,
            describe: 'How long to watch (a command that was started is then ended); default: until it ends',
          })
          .option('json', { type: 'string', describe: 'File for samples and summary as JSON' })
          .option('csv', { type: 'string', describe: 'File for the samples as CSV' })
          .example('monitor --pid 4242 --duration 20s', 'Watch a server for 20 seconds')
          .example('monitor --csv cpu.csv -- ./server 8001', 'Start a program and watch it until it ends')
          .epilogue(
            'CPU is percent of one core, and counts children that have ended. Memory is RSS, and PSS where it can be read.\n\n' +
              'Exit code: that of the command (128 and the signal when one ended it), 0 when --duration is over or a process that was already running has ended, 1 when there is none, 130 after Ctrl-C.'
          ),
      withExitCode(async argv => {
        const words = (argv['--'] ?? []) as string[]
        if ((argv.pid === undefined) === (words.length === 0)) {
          throw new UsageError('nothing to watch, or two things; expected either --pid N or -- COMMAND')
        }
        const files = openOutputFiles(argv.json, argv.csv)
        const target = argv.pid === undefined ? await startTarget(words) : existingTarget(argv.pid)
        return watch(target, {
          interval: argv.interval as unknown as number,
          duration: argv.duration ?? Number.POSITIVE_INFINITY,
          files,
        })
      })
    )
)
