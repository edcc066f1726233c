import { parseDuration } from 'command-line'
import type { Argv } from 'yargs'
import { protocolNames } from '../protocols/settings.js'

/** What the connections say. */
export function protocolOptions<T>(command: Argv<T>) {
  return command
    .option('protocol', {
      describe: 'echo: every byte goes back; reverse: every line, or chunk, reversed',
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
}

/** The values of these options as yargs gives them. */
export type ProtocolArguments = Awaited<ReturnType<typeof protocolOptions<object>>['argv']>
