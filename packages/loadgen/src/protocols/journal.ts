import { isUtf8 } from 'node:buffer'
import { LineReply } from './line-reply.js'
import type { Conversation, Exchange, MessageProtocol } from './message-protocol.js'

/** Bytes of a reply besides the message. */
const longestFrame = 4096

/** Bytes that one of the message may take in JSON, as in `\u0000`. */
const longestEscape = 6

const hello = /^HELLO from worker (\d+) \(pid (\d+)\): send <user>:<message>$/

const recorded =
  /^OK worker (\d+) \(pid (\d+)\) recorded ("(?:[^"\\]|\\.)*") from user ([^:]+); (\d+) requests here, (\d+) in all$/

/** Lines of authorised users, each answered by who wrote it down, and how many there have been. */
export const journal: MessageProtocol = {
  summary: '<user>:<message>, a line, after the greeting; each reply names its message and user',
  charset: 'printable',
  defaultUser: 'arijort',
  overhead: ({ user }) => Buffer.byteLength(user) + 2,

  objection(bytes) {
    if (bytes.includes(10) || bytes.includes(13)) return 'a line has no newline or carriage return inside'
    return isUtf8(bytes) ? undefined : 'a message has to be text in UTF-8'
  },

  converse: ({ user }) => new JournalConversation(user),
}

class JournalConversation implements Conversation {
  readonly #user: string
  /** The worker of the greeting, with whom the connection stays. */
  #worker = ''
  #here = 0
  #total = 0

  constructor(user: string) {
    this.#user = user
  }

  greeting(): LineReply {
    return new LineReply('greeting', longestFrame, line => {
      const [, worker, pid] = hello.exec(line) ?? []
      this.#worker = `${worker} (pid ${pid})`
      return worker === undefined ? 'is not that of a journal' : undefined
    })
  }

  say(text: Buffer): Exchange {
    const frame = Buffer.concat([Buffer.from(`${this.#user}:`), text, Buffer.of(10)])
    const longest = longestFrame + longestEscape * text.length
    return { frame, reply: new LineReply('reply', longest, line => this.#judge(line, text.toString())) }
  }

  #judge(line: string, text: string): string | undefined {
    const [, worker, pid, message = '', user, here, total] = recorded.exec(line) ?? []
    if (worker === undefined) return 'is not that of a journal'
    if (unquoted(message) !== text) return `is not for the message ${JSON.stringify(text.slice(0, 80))}`
    if (user !== this.#user) return `is not for the user ${this.#user}`
    if (`${worker} (pid ${pid})` !== this.#worker) return `is not from worker ${this.#worker}, who greeted`
    return this.#miscount(Number(here), Number(total))
  }

  /** Both counts include this request, and so have grown since the last one; the worker's is part of the total. */
  #miscount(here: number, total: number): string | undefined {
    const [before, totalBefore] = [this.#here, this.#total]
    this.#here = here
    this.#total = total
    if (here > total) return 'counts more for the worker than in all'
    if (here <= before || total <= totalBefore) {
      return `does not count this request: the counts before were ${before} and ${totalBefore}`
    }
    return undefined
  }
}

function unquoted(json: string): string | undefined {
  try {
    return JSON.parse(json) as string
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
