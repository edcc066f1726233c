import { ExactReply } from './exact-reply.js'
import type { MessageProtocol } from './message-protocol.js'

const newline = 10

/** Lines that come back with their bytes in reverse, the newline in its place. */
export const reverse: MessageProtocol = {
  summary: 'each message is a line, which comes back reversed, its newline last',
  charset: 'printable',
  overhead: () => 1,
  objection: bytes => (bytes.includes(newline) ? 'a line has no newline inside' : undefined),
  converse: () => ({
    say: text => ({
      frame: Buffer.concat([text, Buffer.of(newline)]),
      reply: new ExactReply(Buffer.concat([Buffer.from(text).reverse(), Buffer.of(newline)])),
    }),
  }),
}
