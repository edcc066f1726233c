import type { Protocol, WorkerContext } from '../protocol.js'
import { Refusals } from '../refusals.js'
import type { KvSettings } from '../settings.js'
import { ChangeGroup } from './change-group.js'
import { ItemCommands } from './item-commands.js'
import { ItemStore } from './item-store.js'
import { KvSession } from './kv-session.js'
import type { KvTools, KvWorker } from './kv-worker.js'
import { SharedValues } from './shared-values.js'
import { TurnReads } from './turn-reads.js'

/**
 * The kv protocol: memcached's text protocol (its protocol.txt) over a store on disk. Throws a StartError when the
 * store cannot be opened.
 */
export function openKv(settings: KvSettings, context: WorkerContext): Protocol {
  const { counters } = context
  const store = new ItemStore({ path: settings.store, size: settings.storeSize, sync: settings.sync })
  const commands = new ItemCommands(store, counters)
  const tools: KvTools = {
    ...{ context, store },
    commands,
    values: new SharedValues(),
    refusals: new Refusals(context, reason => `CLIENT_ERROR ${reason}\r\n`),
    requests: counters.counter('requests'),
    refused: counters.counter('refused'),
    tooLong: counters.counter('tooLong'),
    ...{ maxValue: settings.maxValue, storeSize: settings.storeSize, started: Date.now() },
  }
  const changes = new ChangeGroup(store, commands, context)
  const worker: KvWorker = { ...tools, changes, reads: new TurnReads(store) }
  const close = () => {
    changes.commit()
    store.close()
  }
  return { createSession: connection => new KvSession(worker, connection), close }
}
