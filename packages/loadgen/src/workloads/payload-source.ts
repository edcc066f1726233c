import { parseCharset } from '../payload/charset.js'
import { MessageLengths } from '../payload/message-lengths.js'
import type { Payload } from '../payload/payload.js'
import { PayloadStream } from '../payload/payload-stream.js'
import { copiesOf, RepeatedMessage } from '../payload/repeated-message.js'
import type { Resolved } from '../plan.js'
import type { Session } from '../thread/session.js'
import type { MessagePlan } from './message-options.js'

/** Where the connections of a thread get their messages from. */
export interface PayloadSource {
  payloadOf(connection: number): Payload
  lengthsOf(connection: number): MessageLengths
}

export function payloadSource(session: Session, plan: Resolved<MessagePlan>): PayloadSource {
  const { seed } = plan
  if (plan.message !== '') {
    const message = Buffer.from(plan.message, 'base64')
    const copies = copiesOf(message)
    const size = { minimum: message.length, maximum: message.length }
    return {
      payloadOf: connection => new RepeatedMessage(message, seed, connection, copies),
      lengthsOf: connection => new MessageLengths(seed, connection, size),
    }
  }
  const charset = plan.charset === 'all' ? undefined : parseCharset(plan.charset)
  return {
    payloadOf: connection => new PayloadStream(session.memory, { seed, connection, charset }),
    lengthsOf: connection => new MessageLengths(seed, connection, plan.size),
  }
}
