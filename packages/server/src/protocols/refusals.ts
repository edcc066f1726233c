import type { Counter, Counters } from './counters.js'
import type { ConnectionInfo, Lateness, Output, WorkerContext } from './protocol.js'

/**
 * Ends conversations with clients that do not keep to the rules: one line to the client, one in the log, a count, and
 * the connection is closed. One for each worker.
 */
export class Refusals {
  readonly #context: WorkerContext
  readonly #format: (reason: string) => string
  readonly #refused: Counter
  readonly #tooLong: Counter

  /** `format` makes the line of the protocol out of a reason. */
  constructor(context: WorkerContext, format = (reason: string) => `ERROR ${reason}\n`) {
    this.#format = format
    const { counters }: { counters: Counters } = context
    this.#context = context
    this.#refused = counters.counter('refused')
    this.#tooLong = counters.counter('tooLong')
  }

  /** A message that makes no sense, or is not authorised. `reason` is one line without its end. */
  refuse(reason: string, connection: ConnectionInfo, output: Output): void {
    this.#refused.add()
    this.#end(reason, connection, output)
  }

  /** A message over the limit, which is that of all messages where no other is named. `what` names it, as `line`. */
  tooLong(what: string, connection: ConnectionInfo, output: Output, limit?: string): void {
    this.#tooLong.add()
    this.#end(`${what} longer than ${limit ?? this.#context.limits.texts.maxMessage}`, connection, output)
  }

  /** A client that is late, which the model counts. `what` names what a message is, as `line`. */
  late(lateness: Lateness, what: string, connection: ConnectionInfo, output: Output): void {
    const { messageTimeout, idleTimeout } = this.#context.limits.texts
    const reason =
      lateness === 'message' ? `${what} not complete after ${messageTimeout}` : `nothing came for ${idleTimeout}`
    this.#end(reason, connection, output)
  }

  #end(reason: string, { remoteAddress }: ConnectionInfo, output: Output): void {
    this.#context.log.warn(`${remoteAddress}: ${reason}; closed`)
    output.write(Buffer.from(this.#format(reason)))
    output.close()
  }
}
