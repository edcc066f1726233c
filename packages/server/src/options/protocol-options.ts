import { parseDuration, UsageError } from 'command-line'
import type { Argv } from 'yargs'
import { protocolNames } from '../protocols/settings.js'
import { readUsers } from './users-file.js'
import { sizeWithin } from './within.js'

/** The users of the server that this protocol is from. */
export const defaultUsers = ['arijort', 'foobar']

export const defaultJournal = 'journal.log'
export const defaultStore = 'kv-store'
export const defaultStoreSize = 16 * 1024 ** 3
export const defaultMaxValue = 1024 ** 2

const smallestStore = 1024 ** 2
const largestStore = 1024 ** 4
/** Storing one takes about a millisecond for each mebibyte, in which a loop does nothing else. */
const largestValue = 64 * 1024 ** 2

/** What the connections say. */
export function protocolOptions<T>(command: Argv<T>) {
  return command
    .group(
      ['protocol', 'delay', 'unit', 'allow-exit', 'users', 'journal', 'store', 'store-size', 'max-value', 'sync'],
      'What it says:'
    )
    .option('protocol', {
      describe:
        'echo: every byte goes back; reverse: every line, or chunk, reversed; ack: ASCII messages that end with ETX; ' +
        'journal: lines of authorised users, written down; kv: memcached over a store on disk',
      choices: protocolNames,
      defaultDescription: 'echo',
    })
    .option('delay', {
      describe: 'pretend that each message takes so long to work on',
      type: 'string',
      defaultDescription: '0s',
      coerce: parseDuration,
    })
    .option('unit', {
      describe: 'reverse: line: its newline stays last; chunk: whatever came together',
      choices: ['line', 'chunk'] as const,
      defaultDescription: 'line',
    })
    .option('allow-exit', {
      describe: 'reverse: the message exit stops the server',
      type: 'boolean',
      defaultDescription: 'no',
    })
    .option('users', {
      describe: 'journal: file with the users that may write, a name on each line',
      type: 'string',
      defaultDescription: defaultUsers.join(' and '),
      coerce: readUsers,
    })
    .option('journal', {
      describe: 'journal: file to append to',
      type: 'string',
      defaultDescription: defaultJournal,
      coerce: notEmptyPath,
    })
    .option('store', {
      describe: 'kv: folder of the store',
      type: 'string',
      defaultDescription: defaultStore,
      coerce: notEmptyPath,
    })
    .option('store-size', {
      describe: 'kv: what the items may take together; the file takes some more',
      type: 'string',
      defaultDescription: '16g',
      coerce: sizeWithin(smallestStore, largestStore, '1 MiB to 1 TiB'),
    })
    .option('max-value', {
      describe: 'kv: largest value',
      type: 'string',
      defaultDescription: '1m',
      coerce: sizeWithin(1, largestValue, '1 byte to 64 MiB'),
    })
    .option('sync', {
      describe: 'kv: flush each change to the disk before answering; without it, it survives SIGKILL but no power cut',
      type: 'boolean',
      defaultDescription: 'no',
    })
}

/** The values of these options as yargs gives them. */
export type ProtocolArguments = Awaited<ReturnType<typeof protocolOptions<object>>['argv']>

function notEmptyPath(text: string): string {
  if (text === '') throw new UsageError(`'' is no path; expected that of a file`)
  return text
}
