import type { ChangeCommand, Command, RetrieveCommand } from './command.js'
import { generalStats, settingsStats, version } from './kv-stats.js'
import type { KvTools } from './kv-worker.js'

/** The commands that neither ask for items nor change any. */
export type PlainCommand = Exclude<Command, ChangeCommand | RetrieveCommand | { kind: 'quit' | 'wrong' }>

/** The answer to a command, without the end of its last line. */
export function plainAnswer(command: PlainCommand, tools: KvTools): string {
  switch (command.kind) {
    case 'stats':
      return stats(command.argument, tools)
    case 'version':
      return `VERSION ${version}`
    case 'verbosity':
      return 'OK'
  }
}

function stats(argument: string | undefined, tools: KvTools): string {
  switch (argument) {
    case undefined:
      return generalStats(tools)
    case 'settings':
      return settingsStats(tools)
    case 'reset':
      return 'CLIENT_ERROR the counters of all workers cannot be reset'
    // There are no slabs here to tell about.
    case 'items':
    case 'slabs':
    case 'sizes':
      return 'END'
    default:
      return 'ERROR'
  }
}
