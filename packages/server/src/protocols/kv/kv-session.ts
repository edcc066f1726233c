import { ascii } from '../ascii.js'
import { MessageSplitter } from '../message-splitter.js'
import type { ConnectionInfo, Lateness, Output, ProtocolSession } from '../protocol.js'
import { workOn } from '../work-on.js'
import type { Command, StoreCommand } from './command.js'
import { DataBlock } from './data-block.js'
import type { KvWorker } from './kv-worker.js'
import { parseCommand } from './parse-command.js'
import { Retrieval } from './retrieval.js'

/** Two hundred of the longest keys, and some more; who asks for a hundred thousand at once keeps the others waiting. */
const longestLine = 64 * 1024
const longestLineText = '65,536 bytes'

/** The first byte of a request in memcached's binary protocol. */
const binaryMagic = 0x80

/** A value that is being read, and the command that it is for; without one it is passed over. */
interface Upload {
  readonly block: DataBlock
  readonly command: StoreCommand | undefined
}

/** One conversation in memcached's text protocol: a line, perhaps with a value after it, and its answer. */
export class KvSession implements ProtocolSession {
  messages = 0
  readonly #worker: KvWorker
  readonly #connection: ConnectionInfo
  readonly #splitter: MessageSplitter
  #upload: Upload | undefined
  /** An answer that waits for the client to read. */
  #retrieval: Retrieval | undefined

  constructor(worker: KvWorker, connection: ConnectionInfo) {
    this.#worker = worker
    this.#connection = connection
    this.#splitter = new MessageSplitter(ascii.lineFeed, Math.min(longestLine, worker.context.limits.maxMessage))
  }

  get heldBytes(): number {
    return this.#splitter.heldBytes + (this.#upload?.block.heldBytes ?? 0)
  }

  get inMessage(): boolean {
    return this.#upload !== undefined || this.#splitter.heldBytes > 0
  }

  receive(bytes: Uint8Array, output: Output): number {
    let at = 0
    while (at < bytes.length && output.ready) {
      const upload = this.#upload
      at = upload === undefined ? this.#readLine(bytes, at, output) : this.#readValue(upload, bytes, at, output)
    }
    this.#worker.store.release()
    return at
  }

  resume(output: Output): void {
    if (this.#retrieval !== undefined) this.#proceed(this.#retrieval, output)
    this.#worker.store.release()
  }

  /** What is not complete is not stored, and nobody waits for its answer. */
  end(output: Output): void {
    output.close()
  }

  dispose(): void {
    this.#retrieval?.dispose()
    this.#retrieval = undefined
  }

  timeOut(lateness: Lateness, output: Output): void {
    this.#worker.refusals.late(lateness, 'command', this.#connection, output)
  }

  #readLine(bytes: Uint8Array, start: number, output: Output): number {
    const splitter = this.#splitter
    if (this.messages === 0 && splitter.heldBytes === 0 && bytes[start] === binaryMagic) {
      this.#worker.refusals.refuse('the binary protocol is not spoken here', this.#connection, output)
      return bytes.length
    }
    const result = splitter.read(bytes, start)
    if (result === 'too-long') this.#refuseLine(output)
    else if (result === 'complete') this.#take(parseCommand(splitter.message), output)
    return splitter.end
  }

  #refuseLine(output: Output): void {
    const { refusals, context } = this.#worker
    const limit = context.limits.maxMessage < longestLine ? undefined : longestLineText
    refusals.tooLong('line', this.#connection, output, limit)
  }

  /** A line is complete; a value may follow it. */
  #take(command: Command, output: Output): void {
    this.messages++
    if (command.kind === 'store') this.#beginUpload(command, output)
    else if (command.kind === 'quit') output.close()
    else if (command.kind === 'retrieve') output.work(() => this.#proceed(new Retrieval(command, this.#worker), output))
    else if (command.kind === 'wrong') this.#say(this.#worker.answers.answer(command), command.noreply, output)
    else {
      const noreply = 'noreply' in command && command.noreply
      output.work(() => this.#say(this.#worker.answers.answer(command), noreply, output))
    }
  }

  #beginUpload(command: StoreCommand, output: Output): void {
    const { maxValue, tooLong } = this.#worker
    const fits = command.length <= maxValue
    this.#upload = { block: new DataBlock(command.length, fits), command: fits ? command : undefined }
    if (fits) return
    tooLong.add()
    this.#say('SERVER_ERROR object too large for cache', command.noreply, output)
  }

  #readValue({ block, command }: Upload, bytes: Uint8Array, start: number, output: Output): number {
    const result = block.read(bytes, start)
    if (result === 'partial') return block.end
    this.#upload = undefined
    if (command === undefined) return block.end
    const { answers } = this.#worker
    if (result === 'bad') {
      const wrong = { kind: 'wrong', reply: 'CLIENT_ERROR bad data chunk', noreply: command.noreply } as const
      this.#say(answers.answer(wrong), command.noreply, output)
    } else {
      workOn(block.value, output, value => this.#say(answers.store(command, value), command.noreply, output))
    }
    return block.end
  }

  #proceed(retrieval: Retrieval, output: Output): void {
    try {
      this.#retrieval = retrieval.proceed(output) ? undefined : retrieval
    } catch (error) {
      retrieval.dispose()
      this.#retrieval = undefined
      // Half of an answer cannot be followed by an error.
      output.abort(`the store cannot be read: ${(error as Error).message}`)
    }
    if (this.#retrieval === undefined) this.#worker.requests.add()
  }

  #say(answer: string, noreply: boolean, output: Output): void {
    if (!noreply) output.write(Buffer.from(`${answer}\r\n`))
  }
}
