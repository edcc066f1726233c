import type { FailureKind } from '../report.js'
import type { ExpectedReply, ReplyFault } from './expected-reply.js'

/** Bytes that tell what happened. */
const enoughBytes = 1024

const newline = 10

/**
 * How the protocols say that they will not serve a client, before they close; and how memcached's says that it does
 * not serve a command, where its own word is part of the reason.
 */
const rejection = /^(?:ERROR (.*)|(ERROR|NOT[_ ]STORED|(?:CLIENT|SERVER)_ERROR.*)\r?(?:\n|$))/

/** What a server said instead of what it had to say. */
export class ServerWords {
  readonly #reply: ExpectedReply | undefined
  readonly #offset: number
  #rest: Buffer = Buffer.alloc(0)

  /** `reply` had to come, at `offset` of the stream; undefined: nothing had to. */
  constructor(reply: ExpectedReply | undefined, offset: number) {
    this.#reply = reply
    this.#offset = offset
  }

  add(bytes: Uint8Array): void {
    this.#rest = Buffer.concat([this.#rest, bytes.subarray(0, enoughBytes)])
  }

  /** More bytes would not tell more. */
  get enough(): boolean {
    return this.#rest.length >= enoughBytes || (this.#reply?.binary !== true && this.#all.includes(newline))
  }

  get #all(): Buffer {
    return Buffer.concat([this.#reply?.taken ?? Buffer.alloc(0), this.#rest])
  }

  fault(): ReplyFault & { readonly kind: FailureKind } {
    const words = this.#all.toString('utf8', 0, enoughBytes)
    const [, reply, word] = (this.#reply?.binary === true ? null : rejection.exec(words)) ?? []
    const reason = reply ?? word
    if (reason !== undefined) return { kind: 'rejected', story: `rejected by the server: ${reason.trimEnd()}` }
    if (this.#reply !== undefined) return { kind: 'wrong bytes', ...this.#reply.fault(this.#offset, this.#rest) }
    return { kind: 'wrong bytes', story: `nothing was to come, but ${JSON.stringify(words.slice(0, 80))} did` }
  }
}
