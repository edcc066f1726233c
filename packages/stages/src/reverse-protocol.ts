import type { EchoClient } from './echo-client.js'
import { bytes } from './format.js'
import type { LineStream } from './line-stream.js'
import type { BusyClients, Protocol, StalledClients, VanishWay } from './protocol.js'
import { diagnoseReversal } from './reversal-diagnosis.js'
import type { TestContext } from './stage-test.js'
import type { Measures } from './verdict.js'

/**
 * The longest line in bytes, with its line feed: a program that reads into 1024 bytes and leaves room for a terminator
 * gets it in one read.
 */
const longestLine = 1000
const lineFeed = 0x0a

/** The characters of random lines: all that can be printed. */
const [firstCharacter, characters] = [0x20, 0x7f - 0x20]

/** How long clients talk, in milliseconds, and the most lines of each: what goes wrong may do so rarely. */
const talkTime = 2_000
const mostMessages = 1_000

/**
 * What a client that does not read sends at most, in bytes: several times what the kernel keeps of the answers (at most
 * 4 MiB of what is sent, tcp_wmem in tcp(7)), and no more, since a program may take its time over it.
 */
const stalledSize = 16 * 1024 * 1024

/** The same for a client that vanishes while it is written to, of which there are many. */
const floodSize = 6 * 1024 * 1024

/** How long it sends at most, in milliseconds. */
const floodTime = 500

/** When nothing more was taken for so long (milliseconds), it is because nobody reads what the program writes. */
const settleTime = 50

/** How long nothing may come before a client that has begun to read counts as having read all, in milliseconds. */
const quietTime = 300

/** How long it reads at most, in milliseconds: what comes is not looked at. */
const readTime = 2_000

/** Clients that vanish at the same moment: no more than a backlog has room for. */
const atOnce = 4

/**
 * Each line comes back reversed, its line feed in its place. Programs reverse either each line or what one read gave
 * them; a client that sends one line and waits for its answer cannot tell these apart. So every client that is judged
 * does that.
 */
export function reverse(vanishWays: readonly VanishWay[]): Protocol {
  return {
    name: 'reverse',
    vanishWays,
    mayBufferAll: true,
    difficult: [
      ...['abc', 'a', 'ab', 'abcd', '0123456789', '  two  spaces '].map(
        text => [`"${text}\\n"`, () => Buffer.from(`${text}\n`)] as const
      ),
      [
        'a line of all characters',
        () => Buffer.from([...Array(characters).keys(), -0x16].map(at => firstCharacter + at)),
      ],
      ...[15, 16, 17, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, longestLine].map(
        length => [`a line of ${length} bytes`, () => countingLine(length)] as const
      ),
      // What stayed in a buffer of the long ones would show now.
      ['a short line after a long one', () => Buffer.from('short\n')],
    ],
    // What a line is worth whose sender has already ended is not said before stage 10.
    lastWords: [],
    message: randomLine,
    answer: reverseLine,
    diagnose: diagnoseReversal,
    converse,
    vanish: (context, ports, way, clients, name) => vanish(context, ports, way, clients, name),
    stall: (context, ports) => StalledLines.begin(context, ports),
    talk: async (context, port) => new Talker(await context.connect(port, 'a client that talks')),
  }
}

/** Without its line feed it would be a palindrome to nobody: each place tells its number. */
function countingLine(length: number): Buffer {
  const numbers = Array.from({ length }, (_, at) => `${at},`).join('')
  return Buffer.from(`${numbers.slice(0, length - 1)}\n`)
}

function randomLine(random: Buffer): Buffer {
  const length =
    random.length > longestLine ? 2 + (random.readUInt32LE() % (longestLine - 1)) : Math.max(2, random.length)
  const line = Buffer.alloc(length, lineFeed)
  for (let at = 0; at < length - 1; at++) line[at] = firstCharacter + ((random[at] ?? 0) % characters)
  return line
}

function reverseLine(line: Buffer): Buffer {
  const answer = Buffer.from(line)
  answer.subarray(0, line.at(-1) === lineFeed ? -1 : undefined).reverse()
  return answer
}

/** One client after another: several at once are another test's affair. */
async function converse(context: TestContext, messages: number, longest: number): Promise<Measures> {
  const { ports } = context.target
  const startedAt = performance.now()
  let [verifiedBytes, strings, slowest] = [0, 0, 0]
  for (const port of ports) {
    const client = await context.connect(port, 'the only client')
    const deadline = performance.now() + talkTime / ports.length
    for (let sent = 0; sent < messages || (sent < mostMessages && performance.now() < deadline); sent++) {
      slowest = Math.max(slowest, await client.exchange(longest))
      strings++
    }
    verifiedBytes += client.verified
    client.leave()
  }
  const rate = verifiedBytes / ((performance.now() - startedAt) / 1000)
  return { verifiedBytes, rateBytesPerSecond: rate, strings, slowestEchoMilliseconds: slowest }
}

async function vanish(
  context: TestContext,
  ports: readonly number[],
  way: VanishWay,
  clients: number,
  name: (client: number) => string
): Promise<void> {
  for (let done = 0; done < clients; done += atOnce) {
    const group = Array.from({ length: Math.min(atOnce, clients - done) }, async (_, index) => {
      const number = done + index
      await vanishOne(await context.connectStream(ports[number % ports.length] ?? 0, name(number)), way)
    })
    await Promise.all(group)
  }
}

async function vanishOne(client: LineStream, way: VanishWay): Promise<void> {
  client.send(way === 'rst-while-receiving' ? floodSize : 1)
  if (way === 'fin') return await client.end()
  await client.stuck(settleTime, floodTime)
  client.reset()
}

class StalledLines implements StalledClients {
  readonly #clients: readonly LineStream[]

  private constructor(clients: readonly LineStream[]) {
    this.#clients = clients
  }

  static async begin(context: TestContext, ports: readonly number[]): Promise<StalledLines> {
    const name = 'a client that does not read'
    const clients = await Promise.all(ports.map(port => context.connectStream(port, name)))
    for (const client of clients) client.send(stalledSize)
    return new StalledLines(clients)
  }

  async sent(): Promise<number> {
    return this.#clients.reduce((sum, { taken }) => sum + taken, 0)
  }

  async haveMore(): Promise<boolean> {
    return this.#clients.some(client => client.hasMore)
  }

  async read(name: string) {
    const sent = await this.sent()
    await Promise.all(this.#clients.map(client => client.read(quietTime, readTime)))
    return { sent, note: `what came back to ${name} was not compared: ${bytes(sent)} of many lines at once` }
  }
}

/** Sends the next line as soon as the answer to the last one is there. */
class Talker implements BusyClients {
  readonly #client: EchoClient
  readonly #done: Promise<unknown>
  #stopping = false
  #lines = 0

  constructor(client: EchoClient) {
    this.#client = client
    this.#done = this.#talk().catch(problem => problem)
  }

  async read() {
    this.#stopping = true
    const problem = await this.#done
    if (problem !== undefined) throw problem
    this.#client.leave()
    return { lines: this.#lines }
  }

  async #talk(): Promise<void> {
    for (; !this.#stopping; this.#lines++) await this.#client.exchange(longestLine)
  }
}
