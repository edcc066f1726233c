#!/usr/bin/env node
import { parseCount, runCommandLine, UsageError, withExitCode } from 'command-line'
import { fullScale, quickScale } from './cases.js'
import { listText, run } from './commands.js'

const fullRounds = 7
const quickRounds = 6

await runCommandLine('bench', yargs =>
  yargs
    .command(
      '$0',
      'Compares echo servers, key-value stores and load generators, side by side: each is started as a program and ' +
        'driven with the same load, in turn over several rounds. Prints medians, spreads, ratios and costs.',
      command =>
        command
          .option('only', {
            describe: 'contenders, cases or groups of cases, with commas between them; see bench list',
            type: 'string',
            coerce: (text: string) => text.split(',').map(name => name.trim()),
          })
          .option('rounds', {
            describe: 'how often each is measured; a ratio needs 6',
            defaultDescription: `${fullRounds}, with --quick ${quickRounds}`,
            type: 'string',
            coerce: atLeastOne,
          })
          .option('quick', { describe: 'short and small, for the inner loop', type: 'boolean', default: false })
          .option('reference', { describe: 'the server that ratios are of', type: 'string', default: 'c-epoll' })
          .option('load-threads', {
            describe: 'threads of the load client; when figures rise with more of them, the client was the limit',
            type: 'string',
            default: '1',
            coerce: atLeastOne,
          })
          .option('json', {
            describe: 'write everything as JSON, to FILE or to stdout',
            type: 'string',
            requiresArg: false,
          })
          .option('html', { describe: 'write a page with charts to FILE', type: 'string' })
          .option('markdown', { describe: 'write tables in Markdown to FILE', type: 'string' })
          .example('$0 --quick --only requests-64x64,sluice-epoll', 'one case, ours against the C epoll echo')
          .example('$0 --markdown packages/bench/RESULTS.md', 'everything, for the record')
          .epilogue('Exit codes: 0 all measured, 1 a contender failed, 2 usage, 130 Ctrl-C.'),
      withExitCode(options =>
        run({
          ...options,
          only: options.only ?? [],
          rounds: options.rounds ?? (options.quick ? quickRounds : fullRounds),
          scale: options.quick ? quickScale : fullScale,
        })
      )
    )
    .command('list', 'Lists contenders and cases, with their names for --only', {}, () => {
      process.stdout.write(listText())
    })
)

function atLeastOne(text: string): number {
  const count = parseCount(text)
  if (count < 1) throw new UsageError(`'${text}' is too few; expected at least 1`)
  return count
}
