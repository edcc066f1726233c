import { parseDuration } from 'command-line'
import type { Argv } from 'yargs'
import { positiveCount, positiveDuration, sizeWithin } from './within.js'

const largestThreshold = 4 * 1024 ** 3
const largestMessage = 1024 ** 3

/** What a client may cost. */
export function limitOptions<T>(command: Argv<T>) {
  return command
    .group(
      ['pipe-threshold', 'max-message', 'message-timeout', 'idle-timeout', 'max-connections', 'grace'],
      'What a client may cost:'
    )
    .option('pipe-threshold', {
      describe: 'bytes held for a client before it is no longer read',
      type: 'string',
      default: '1m',
      coerce: sizeWithin(1, largestThreshold, '1 byte to 4 GiB'),
    })
    .option('max-message', {
      describe: 'longest message; a client that sends a longer one is told so, and closed',
      type: 'string',
      default: '1m',
      coerce: sizeWithin(1, largestMessage, '1 byte to 1 GiB'),
    })
    .option('message-timeout', {
      describe: 'close a connection whose client takes longer for one message',
      type: 'string',
      default: '30s',
      coerce: positiveDuration,
    })
    .option('idle-timeout', {
      describe: 'close a connection on which nothing happens for so long; bytes held for it are lost',
      defaultDescription: 'never',
      type: 'string',
      coerce: positiveDuration,
    })
    .option('max-connections', {
      describe: 'connections open at once; others wait in the backlog until one ends',
      defaultDescription: 'no limit',
      type: 'string',
      coerce: positiveCount,
    })
    .option('grace', {
      describe: 'on SIGTERM or SIGINT, how long connections may take to drain; a second signal ends at once',
      type: 'string',
      default: '5s',
      coerce: parseDuration,
    })
}
