import { openAck } from './ack/ack.js'
import { commonCounters } from './counters.js'
import { openEcho } from './echo.js'
import { openJournal } from './journal/journal.js'
import { kvCounters } from './kv/kv-counters.js'
import type { Protocol, WorkerContext } from './protocol.js'
import { openReverse } from './reverse/reverse.js'
import type { ProtocolName, ProtocolSettings } from './settings.js'

/** Opens a protocol in the worker that will serve its connections. Throws a StartError when it cannot run here. */
export async function openProtocol(settings: ProtocolSettings, context: WorkerContext): Promise<Protocol> {
  switch (settings.name) {
    case 'echo':
      return openEcho(context)
    case 'ack':
      return openAck(context)
    case 'journal':
      return openJournal(settings, context)
    case 'kv': {
      // Not loaded where nobody needs it: it is native code.
      const { openKv } = await import('./kv/kv.js')
      return openKv(settings, context)
    }
    case 'reverse':
      return openReverse(settings, context)
  }
}

/** The names of all that is counted in a worker that speaks the protocol, in the order of the counters' table. */
export function countersOf(name: ProtocolName): readonly string[] {
  return name === 'kv' ? [...commonCounters, ...kvCounters] : commonCounters
}
