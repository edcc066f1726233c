import type { Protocol, WorkerContext } from '../protocol.js'
import { Refusals } from '../refusals.js'
import { AckSession } from './ack-session.js'

/**
 * The ack protocol: messages in ASCII, each ended by the byte ETX (3), each answered with `ack`; `goodbye` ends the
 * conversation, and is not answered.
 */
export function openAck(context: WorkerContext): Protocol {
  const refusals = new Refusals(context)
  const requests = context.counters.counter('requests')
  const { maxMessage } = context.limits
  return {
    createSession: connection => new AckSession({ refusals, requests, maxMessage }, connection),
    close: () => {},
  }
}
