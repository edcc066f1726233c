import { UsageError } from 'command-line'
import type { ProtocolName, ProtocolSettings } from '../protocols/settings.js'
import {
  defaultJournal,
  defaultMaxValue,
  defaultStore,
  defaultStoreSize,
  defaultUsers,
  type ProtocolArguments,
} from './protocol-options.js'

/** Which protocol each option is for; the others belong to all. */
const ownOptions: Readonly<Record<string, ProtocolName>> = {
  unit: 'reverse',
  'allow-exit': 'reverse',
  users: 'journal',
  journal: 'journal',
  store: 'kv',
  'store-size': 'kv',
  'max-value': 'kv',
  sync: 'kv',
}

/** The protocol that the command line asks for. Throws a UsageError for options of another protocol. */
export function resolveProtocol(options: Partial<ProtocolArguments>): ProtocolSettings {
  const name = options.protocol ?? 'echo'
  for (const [option, owner] of Object.entries(ownOptions)) {
    if (options[option as keyof ProtocolArguments] === undefined || owner === name) continue
    throw new UsageError(`--${option} is for --protocol ${owner}, and the protocol is ${name}`)
  }
  switch (name) {
    case 'echo':
      return { name }
    case 'ack':
      return { name }
    case 'journal':
      return { name, users: options.users ?? defaultUsers, file: options.journal ?? defaultJournal }
    case 'kv':
      return {
        name,
        store: options.store ?? defaultStore,
        storeSize: options.storeSize ?? defaultStoreSize,
        maxValue: options.maxValue ?? defaultMaxValue,
        sync: options.sync ?? false,
      }
    case 'reverse':
      return { name, unit: options.unit ?? 'line', allowExit: options.allowExit ?? false }
  }
}
