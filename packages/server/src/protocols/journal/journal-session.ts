import { ascii } from '../ascii.js'
import type { Counter } from '../counters.js'
import { MessageSession } from '../message-session.js'
import type { ConnectionInfo, Output, WorkerContext } from '../protocol.js'
import type { Refusals } from '../refusals.js'
import type { JournalFile } from './journal-file.js'
import { parseEntry } from './parse-entry.js'
import { quoted } from './quoted.js'

/** What the connections of a worker share. */
export interface JournalWorker {
  readonly context: WorkerContext
  readonly users: ReadonlySet<string>
  readonly file: JournalFile
  readonly refusals: Refusals
  readonly requests: Counter
}

/** Greets, and writes down what authorised users send, line by line; each answered line stands in the file. */
export class JournalSession extends MessageSession {
  readonly #worker: JournalWorker

  constructor(worker: JournalWorker, connection: ConnectionInfo) {
    const frame = { terminator: ascii.lineFeed, maximum: worker.context.limits.maxMessage, name: 'message' }
    super(frame, worker.refusals, connection)
    this.#worker = worker
  }

  open(output: Output): void {
    output.write(Buffer.from(`HELLO from ${this.#name}: send <user>:<message>\n`))
  }

  end(output: Output): void {
    if (!this.inMessage) output.close()
    else this.refuse('the last message has no newline, and may not be whole', output)
  }

  get #name(): string {
    const { worker, pid } = this.#worker.context
    return `worker ${worker} (pid ${pid})`
  }

  protected take(line: Uint8Array, output: Output): void {
    const entry = parseEntry(line)
    if (entry === undefined) {
      this.refuse(`malformed message ${quoted(line.subarray(0, 40))}; expected <user>:<message>`, output)
    } else if (!this.#worker.users.has(entry.user)) {
      this.refuse(`user ${quoted(Buffer.from(entry.user, 'latin1'))} is not authorised`, output)
    } else {
      this.#write(entry.user, quoted(entry.message), output)
    }
  }

  #write(user: string, message: string, output: Output): void {
    const { pid } = this.#worker.context
    if (!this.#append(`server ${pid} recvd message ${message} from user ${user}`, output)) return
    output.work(() => {
      const { requests, context } = this.#worker
      const count = requests.value + 1
      if (!this.#append(`completed req ${message} on ${pid} total reqs ${count}`, output)) return
      requests.add()
      const counts = `${count} requests here, ${context.counters.total('requests')} in all`
      output.write(Buffer.from(`OK ${this.#name} recorded ${message} from user ${user}; ${counts}\n`))
    })
  }

  protected override refuse(reason: string, output: Output): void {
    const { pid } = this.#worker.context
    const record = `server ${pid} refused ${this.connection.remoteAddress}: ${reason}`
    if (this.#append(record, output)) super.refuse(reason, output)
  }

  /** Appends to the file, or ends the conversation with an error: what is not in the file is not acknowledged. */
  #append(record: string, output: Output): boolean {
    try {
      this.#worker.file.append(record)
      return true
    } catch (error) {
      super.refuse(`the journal cannot be written: ${(error as Error).message}`, output)
      return false
    }
  }
}
