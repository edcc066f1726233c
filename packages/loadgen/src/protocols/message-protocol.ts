import type { ExpectedReply } from './expected-reply.js'

/** What loadgen says as a client, beyond the texts themselves. */
interface ProtocolSettings {
  /** In whose name messages are sent; empty where the protocol has no users. */
  readonly user: string
}

/** How the messages of a workload stand on the wire, and what the server has to answer. */
export interface MessageProtocol {
  /** One line for the report. */
  readonly summary: string
  /** The charset of generated texts unless told otherwise, see `parseCharset`. */
  readonly charset: string
  /** Whether messages are sent in the name of a user, and of which unless told otherwise. */
  readonly defaultUser?: string
  /** Bytes of a message besides its text. */
  overhead(settings: ProtocolSettings): number
  /** Why these bytes cannot be a text, or part of one; undefined when they can. */
  objection(bytes: Uint8Array): string | undefined
  /** Absent where the bytes themselves come back, and nothing has to be framed: they are compared where they lie. */
  converse?(settings: ProtocolSettings): Conversation
}

/** One connection's side of a protocol, from its greeting to its goodbye. */
export interface Conversation {
  /** What the server says first, where it speaks first. */
  greeting?(): ExpectedReply
  /** Frames a text, and says what has to come back for it. Replies come in the order of the messages. */
  say(text: Buffer): Exchange
  /** What a client says before it leaves: the server then closes without another word. */
  readonly goodbye?: Uint8Array
}

export interface Exchange {
  readonly frame: Uint8Array
  readonly reply: ExpectedReply
}
