import { parseDuration, UsageError } from 'command-line'
import type { Argv } from 'yargs'
import { protocolNames } from '../protocols/settings.js'
import { readUsers } from './users-file.js'

/** The users of the server that this protocol is from. */
export const defaultUsers = ['arijort', 'foobar']

export const defaultJournal = 'journal.log'

/** What the connections say. */
export function protocolOptions<T>(command: Argv<T>) {
  return command
    .option('protocol', {
      describe:
        'echo: every byte goes back; reverse: every line, or chunk, reversed; ack: ASCII messages that end with ETX; ' +
        'journal: lines of authorised users, written down',
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
}

/** The values of these options as yargs gives them. */
export type ProtocolArguments = Awaited<ReturnType<typeof protocolOptions<object>>['argv']>

function notEmptyPath(text: string): string {
  if (text === '') throw new UsageError(`'' is no path; expected that of a file`)
  return text
}
