import { parsePorts, UsageError } from 'command-line'
import type { Argv } from 'yargs'
import { countUpTo } from './within.js'

const longestBacklog = 2 ** 31 - 1

/** Where the server listens, and with what event loop. */
export function listeningOptions<T>(command: Argv<T>) {
  return command
    .group(['ports', 'host', 'backlog', 'engine'], 'Where it listens:')
    .option('ports', {
      describe: 'ports to listen on; 0: the kernel chooses one',
      defaultDescription: "8001-8004, or the protocol's own",
      type: 'string',
      coerce: parsePorts,
    })
    .option('host', {
      describe: 'address or name to listen on; 0.0.0.0: all of IPv4, ::: all of IPv6 and IPv4',
      type: 'string',
      default: '127.0.0.1',
      coerce: notEmpty,
    })
    .option('backlog', {
      describe: 'connections that may wait to be accepted, for each port; net.core.somaxconn caps it',
      type: 'string',
      default: '4096',
      coerce: countUpTo(longestBacklog, 'at least 1'),
    })
    .option('engine', {
      describe: 'event loop; auto: the first of epoll, node that works here; uring: io_uring, else as auto',
      choices: ['auto', 'epoll', 'uring', 'node'] as const,
      default: 'auto' as const,
    })
}

function notEmpty(text: string): string {
  if (text.trim() === '') throw new UsageError(`'${text}' is no host; expected an address or a name such as localhost`)
  return text
}
