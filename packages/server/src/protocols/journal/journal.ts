import type { Protocol, WorkerContext } from '../protocol.js'
import { Refusals } from '../refusals.js'
import type { JournalSettings } from '../settings.js'
import { JournalFile } from './journal-file.js'
import { JournalSession } from './journal-session.js'

/**
 * The journal protocol: `<user>:<message>\n` of an authorised user is appended to a file, and answered with who did it.
 * Throws a StartError when the file cannot be written.
 */
export function openJournal({ users, file: path }: JournalSettings, context: WorkerContext): Protocol {
  const file = new JournalFile(path)
  const worker = {
    ...{ context, file, users: new Set(users) },
    refusals: new Refusals(context),
    requests: context.counters.counter('requests'),
  }
  return { createSession: connection => new JournalSession(worker, connection), close: () => file.close() }
}
