import { parseCharset } from '../payload/charset.js'
import { MessageLengths } from '../payload/message-lengths.js'
import type { Payload } from '../payload/payload.js'
import { PayloadStream } from '../payload/payload-stream.js'
import { copiesOf, RepeatedMessage } from '../payload/repeated-message.js'
import type { Resolved } from '../plan.js'
import type { MessageProtocol } from '../protocols/message-protocol.js'
import { protocolNamed } from '../protocols/protocols.js'
import type { Session } from '../thread/session.js'
import type { Talk } from './conversation-connection.js'
import type { MessagePlan } from './message-options.js'

/** Where the connections of a thread get their messages from. */
export interface PayloadSource {
  /** What a connection needs to talk in the plan's protocol; absent where its bytes come back as they are. */
  readonly talkOf?: (connection: number) => Talk
  payloadOf(connection: number): Payload
  /** Lengths of messages, with what the protocol adds. */
  lengthsOf(connection: number): MessageLengths
}

export function payloadSource(session: Session, plan: Resolved<MessagePlan>): PayloadSource {
  const { converse, overhead } = protocolNamed(plan.protocol) as MessageProtocol
  const added = overhead(plan)
  const size = { minimum: plan.size.minimum + added, maximum: plan.size.maximum + added }
  const texts = textSource(session, plan.message === '' ? { ...plan, size } : plan, added)
  if (converse === undefined) return texts
  const talkOf = (connection: number): Talk => ({
    conversation: converse(plan),
    texts: texts.payloadOf(connection),
    overhead: added,
  })
  return { ...texts, talkOf }
}

function textSource(session: Session, plan: Resolved<MessagePlan>, added: number): PayloadSource {
  const { seed } = plan
  if (plan.message !== '') {
    const message = Buffer.from(plan.message, 'base64')
    const copies = copiesOf(message)
    const length = message.length + added
    const size = { minimum: length, maximum: length }
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
