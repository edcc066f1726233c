#!/usr/bin/env node
import { parseCount, parseDuration, parsePorts, parseSize, runCommandLine, UsageError } from 'command-line'
import { logFormats, logLevels } from './logger.js'
import { checkReadyDescriptor } from './ready-notice.js'
import { serve } from './serve.js'

const defaultStatsInterval = '1s'
const largestThreshold = 4 * 1024 ** 3
const longestBacklog = 2 ** 31 - 1

await runCommandLine('server', yargs =>
  yargs.command(
    '$0',
    'Writes back every byte that its clients send, and holds at most one threshold of bytes for a client that does ' +
      'not read. One line on stdout says that it listens; everything else goes to stderr.',
    command =>
      command
        .option('ports', {
          describe: 'ports to listen on; 0: the kernel chooses one',
          type: 'string',
          default: '8001-8004',
          coerce: parsePorts,
        })
        .option('host', {
          describe: 'address or name to listen on; 0.0.0.0: all of IPv4, ::: all of IPv6 and IPv4',
          type: 'string',
          default: '127.0.0.1',
          coerce: notEmpty,
        })
        .option('engine', {
          describe: 'event loop; auto: the first of epoll, node that works here; uring: io_uring, else as auto',
          choices: ['auto', 'epoll', 'uring', 'node'] as const,
          default: 'auto' as const,
        })
        .option('pipe-threshold', {
          describe: 'bytes held for a client before it is no longer read',
          type: 'string',
          default: '1m',
          coerce: within(parseSize, 1, largestThreshold, '1 byte to 4 GiB'),
        })
        .option('backlog', {
          describe: 'connections that may wait to be accepted, for each port; net.core.somaxconn caps it',
          type: 'string',
          default: '4096',
          coerce: within(parseCount, 1, longestBacklog, 'at least 1'),
        })
        .option('idle-timeout', {
          describe: 'close a connection on which nothing happens for so long; bytes held for it are lost',
          defaultDescription: 'never',
          type: 'string',
          coerce: within(parseDuration, 1, Number.POSITIVE_INFINITY, 'at least 1ms'),
        })
        .option('max-connections', {
          describe: 'connections open at once; others wait in the backlog until one ends',
          defaultDescription: 'no limit',
          type: 'string',
          coerce: within(parseCount, 1, Number.POSITIVE_INFINITY, 'at least 1'),
        })
        .option('grace', {
          describe: 'on SIGTERM or SIGINT, how long connections may take to drain; a second signal ends at once',
          type: 'string',
          default: '5s',
          coerce: parseDuration,
        })
        .option('stats', {
          describe: 'print statistics at this interval, 1s if none is named; SIGUSR2 prints them once',
          defaultDescription: 'never',
          type: 'string',
          coerce: (text: string) =>
            within(parseDuration, 1, Number.POSITIVE_INFINITY, 'at least 1ms')(text || defaultStatsInterval),
        })
        .option('log-level', {
          describe: 'debug also shows every connection',
          choices: logLevels,
          default: 'info' as const,
        })
        .option('log-format', {
          describe: 'json: one JSON document for each line, the one on stdout included',
          choices: logFormats,
          default: 'human' as const,
        })
        .option('ready-fd', {
          describe: 'when all ports are listened on, write a JSON line to this descriptor and close it',
          type: 'number',
        })
        .example('$0 --ports 9000 --host ::', 'port 9000, IPv4 and IPv6')
        .example('$0 --pipe-threshold 64k --stats 5s', 'hold less, and say how much')
        .epilogue('Exit codes: 0 ended by a signal, 1 cannot listen, 2 usage, 130 or 143 second signal.'),
    async options => {
      if (options.readyFd !== undefined) checkReadyDescriptor(options.readyFd)
      await serve({ ...options })
    }
  )
)

function notEmpty(text: string): string {
  if (text.trim() === '') throw new UsageError(`'${text}' is no host; expected an address or a name such as localhost`)
  return text
}

/** A parser that also refuses values out of bounds. */
function within(
  parse: (text: string) => number,
  minimum: number,
  maximum: number,
  expected: string
): (text: string) => number {
  return text => {
    const value = parse(text)
    if (value < minimum || value > maximum) throw new UsageError(`'${text}' is out of range; expected ${expected}`)
    return value
  }
}
