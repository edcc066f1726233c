import { isAscii } from 'node:buffer'
import { ExactReply } from './exact-reply.js'
import type { MessageProtocol } from './message-protocol.js'

/** ETX, behind each message. */
const endOfText = 3

const acknowledgement = Buffer.from('ack')
const farewell = Buffer.from('goodbye')

/** Messages in ASCII that are acknowledged, until the client says goodbye. */
export const ack: MessageProtocol = {
  summary: 'each message ends with ETX and is answered ack; goodbye ends the connection',
  charset: 'printable',
  overhead: () => 1,

  objection(bytes) {
    if (bytes.includes(endOfText)) return 'a message has no ETX (\\x03) inside'
    if (!isAscii(bytes)) return 'a message has to be ASCII'
    return farewell.equals(bytes) ? 'goodbye ends the connection' : undefined
  },

  converse: () => ({
    say: text => ({
      frame: Buffer.concat([asMessage(text), Buffer.of(endOfText)]),
      reply: new ExactReply(acknowledgement),
    }),
    goodbye: Buffer.concat([farewell, Buffer.of(endOfText)]),
  }),
}

/** A text may have been generated that happens to be the farewell: with a capital it is a message like any other. */
function asMessage(text: Buffer): Buffer {
  return text.equals(farewell) ? Buffer.from('Goodbye') : text
}
