import { ascii } from '../ascii.js'
import { MessageSplitter } from '../message-splitter.js'
import type { ConnectionInfo, Lateness, Output, ProtocolSession } from '../protocol.js'
import { AnswerLine } from './answer-line.js'
import type { Command, StoreCommand } from './command.js'
import { DataBlock } from './data-block.js'
import type { KvWorker } from './kv-worker.js'
import { parseCommand } from './parse-command.js'
import { plainAnswer } from './plain-answer.js'
import { Retrieval } from './retrieval.js'

/** Two hundred of the longest keys, and some more; who asks for a hundred thousand at once keeps the others waiting. */
const longestLine = 64 * 1024
const longestLineText = '65,536 bytes'

/** The first byte of a request in memcached's binary protocol. */
const binaryMagic = 0x80

const tooLarge = Buffer.from('SERVER_ERROR object too large for cache\r\n')

const noValue = new Uint8Array(0)

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
  readonly #line: AnswerLine
  #upload: Upload | undefined
  /** Nothing is read any more: the conversation ends when everything before it is answered. */
  #over = false

  constructor(worker: KvWorker, connection: ConnectionInfo) {
    this.#worker = worker
    this.#connection = connection
    this.#splitter = new MessageSplitter(ascii.lineFeed, Math.min(longestLine, worker.context.limits.maxMessage))
    this.#line = new AnswerLine(worker)
  }

  get heldBytes(): number {
    return this.#splitter.heldBytes + (this.#upload?.block.heldBytes ?? 0)
  }

  get inMessage(): boolean {
    return this.#upload !== undefined || this.#splitter.heldBytes > 0
  }

  receive(bytes: Uint8Array, output: Output): number {
    let at = 0
    while (at < bytes.length && output.ready && !this.#line.full && !this.#over) {
      const upload = this.#upload
      at = upload === undefined ? this.#readLine(bytes, at, output) : this.#readValue(upload, bytes, at, output)
    }
    if (this.#over) return bytes.length
    if (at < bytes.length && this.#line.full) this.#line.putOff(output)
    return at
  }

  resume(output: Output): void {
    this.#line.resume(output)
  }

  /** What is not complete is not stored, and nobody waits for its answer. */
  end(output: Output): void {
    output.close()
  }

  dispose(): void {
    this.#line.dispose()
  }

  timeOut(lateness: Lateness, output: Output): void {
    this.#worker.refusals.late(lateness, 'command', this.#connection, output)
  }

  #readLine(bytes: Uint8Array, start: number, output: Output): number {
    const splitter = this.#splitter
    if (this.messages === 0 && splitter.heldBytes === 0 && bytes[start] === binaryMagic) {
      this.#endWith(() => {
        this.#worker.refusals.refuse('the binary protocol is not spoken here', this.#connection, output)
      }, output)
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
    this.#endWith(() => refusals.tooLong('line', this.#connection, output, limit), output)
  }

  /** The last that is said, when everything before it is answered. */
  #endWith(say: () => void, output: Output): void {
    this.#over = true
    this.#line.add(say, output)
  }

  /** A line is complete; a value may follow it. */
  #take(command: Command, output: Output): void {
    this.messages++
    if (command.kind === 'store') this.#beginUpload(command, output)
    else if (command.kind === 'quit') this.#endWith(() => output.close(), output)
    else if (command.kind === 'wrong') this.#line.addAnswer(() => command.reply, command.noreply, output)
    else output.work(() => this.#ask(command, output))
  }

  #ask(command: Exclude<Command, { kind: 'store' | 'quit' | 'wrong' }>, output: Output): void {
    switch (command.kind) {
      case 'retrieve':
        this.#line.addRetrieval(new Retrieval(command, this.#worker), output)
        break
      case 'stats':
      case 'version':
      case 'verbosity': {
        const noreply = 'noreply' in command && command.noreply
        this.#line.addAnswer(() => plainAnswer(command, this.#worker), noreply, output)
        break
      }
      default:
        this.#line.addChange(command, noValue, output)
    }
  }

  #beginUpload(command: StoreCommand, output: Output): void {
    const { maxValue, tooLong } = this.#worker
    const fits = command.length <= maxValue
    this.#upload = { block: new DataBlock(command.length, fits), command: fits ? command : undefined }
    if (fits) return
    tooLong.add()
    if (!command.noreply) this.#line.add(() => output.write(tooLarge), output)
  }

  #readValue({ block, command }: Upload, bytes: Uint8Array, start: number, output: Output): number {
    const result = block.read(bytes, start)
    if (result === 'partial') return block.end
    this.#upload = undefined
    if (command === undefined) return block.end
    if (result === 'bad') this.#line.addAnswer(() => 'CLIENT_ERROR bad data chunk', command.noreply, output)
    else {
      // A plain `new Uint8Array` would be memory of its own for each; what is small shares some.
      const value = block.isOwn ? block.value : Buffer.from(block.value)
      output.work(() => this.#line.addChange(command, value, output))
    }
    return block.end
  }
}
