import type { Protocol, WorkerContext } from '../protocol.js'
import { Refusals } from '../refusals.js'
import type { ReverseSettings } from '../settings.js'
import { ChunkReverseSession } from './chunk-reverse-session.js'
import { LineReverseSession } from './line-reverse-session.js'
import type { ReverseWorker } from './reverse-worker.js'
import { Reverser } from './reverser.js'

/** The reverse protocol: writes back each line, or each chunk as it was read, with its bytes in reverse order. */
export function openReverse({ unit, allowExit }: ReverseSettings, context: WorkerContext): Protocol {
  const worker: ReverseWorker = {
    reverser: new Reverser(),
    refusals: new Refusals(context),
    requests: context.counters.counter('requests'),
    maxLine: context.limits.maxMessage,
    allowExit,
  }
  const Session = unit === 'line' ? LineReverseSession : ChunkReverseSession
  return { createSession: connection => new Session(worker, connection), close: () => {} }
}
