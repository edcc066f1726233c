import type { Argv } from 'yargs'
import { logFormats, logLevels } from '../logger.js'
import { positiveDuration } from './within.js'

const defaultStatsInterval = '1s'

/** What the server tells of itself. */
export function observationOptions<T>(command: Argv<T>) {
  return command
    .group(['stats', 'log-level', 'log-format', 'ready-fd'], 'What it tells of itself:')
    .option('stats', {
      describe: 'print statistics at this interval, 1s if none is named; SIGUSR2 prints them once',
      defaultDescription: 'never',
      type: 'string',
      coerce: (text: string) => positiveDuration(text || defaultStatsInterval),
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
}
