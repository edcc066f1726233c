import type { EchoClient } from '../echo-client.js'
import { count, plural, seconds } from '../format.js'
import { Patience, stallPatience } from '../patience.js'
import type { VanishWay } from '../protocol.js'
import type { StageTest, TestContext } from '../stage-test.js'
import { Blame, Doubt } from '../verdict.js'

/** What the ways to vanish are called in a sentence. */
const ways: Record<VanishWay, string> = {
  rst: 'reset their connections',
  fin: 'closed their connections in the middle',
  'rst-while-receiving': 'reset their connections while the program wrote to them',
}

/** Older clients on each port. */
const olderOnEachPort = 2

/** Bytes of each piece of an older client's stream, and of a new client's message. */
const pieceSize = 16 * 1024

/** Between two rounds of the older and the new clients while others vanish, in milliseconds. */
const roundEvery = 20

/**
 * Descriptors by which a program may hold more than before without having lost them: epoll, eventfd and timerfd
 * descriptors that a runtime makes at its first error or for another thread. A third of the clients lost is more.
 */
const descriptorAllowance = 8

/** Of the descriptors that one wave cost, the part that the next one must cost again for them to be lost. */
const lostShare = 0.5

/** How often descriptors are counted while they go down, in milliseconds. */
const lookEvery = 50

/** How long a new client waits for the program to close after it, in milliseconds. */
const closeTime = 500

export const errors: StageTest = {
  id: 'errors',
  title: 'Clients that vanish disturb nobody',
  asks: {
    input: 'client forcefully disconnects',
    expected: 'Previous and new clients are able to send and receive output as expected',
  },
  usualCauses: {
    connection:
      'an error of one connection that ends the program: SIGPIPE not ignored, ECONNRESET thrown and not caught, or ' +
      'a connection used after it was closed',
    stall: 'a loop that ends, or waits for ever, at the first error of a connection',
    bytes: 'a descriptor closed twice or used after it was closed, so that it was already another client',
    limit: 'a connection that is not closed after its peer has gone',
  },

  async run(context) {
    const { scale } = context
    const older = await connectOlder(context)
    const before = await countDescriptors(context)
    context.measure({ vanished: 0, slowestOtherMilliseconds: 0 }, { slowestOtherMilliseconds: stallPatience })
    if (before !== undefined) context.measure({ descriptorsBefore: before, descriptors: before })
    let usual = before
    for (const how of context.protocol.vanishWays) {
      const wave = () => letVanish(context, how, older)
      await wave()
      const what = `${plural(scale.errors.vanishing, 'client')} ${ways[how]}`
      if (usual !== undefined) usual = await expectDescriptors(context, usual, wave, what)
    }
    for (const client of older) await client.exchange(pieceSize)
    const after = await countDescriptors(context)
    if (after !== undefined) context.measure({ descriptors: after })
  },
}

/** A wave of clients vanishes while everybody else goes on. */
async function letVanish(context: TestContext, how: VanishWay, older: readonly EchoClient[]): Promise<void> {
  const wave = context.scale.errors.vanishing
  const what = `${plural(wave, 'client')} ${ways[how]}`
  context.happened(what)
  const others = new Company(context, older)
  try {
    await vanish(context, how, wave)
  } finally {
    await others.stop()
  }
  others.check()
  await newcomers(context)
  const { vanished = 0, slowestOtherMilliseconds = 0 } = context.measured
  context.measure({
    vanished: vanished + wave,
    slowestOtherMilliseconds: Math.max(slowestOtherMilliseconds, others.slowest),
  })
  context.log(`${what}: ${count(others.rounds)} rounds of the others, the slowest ${count(others.slowest)} ms`)
}

async function connectOlder(context: TestContext): Promise<EchoClient[]> {
  const older: EchoClient[] = []
  for (let round = 1; round <= olderOnEachPort; round++) {
    for (const port of context.target.ports) {
      const client = await context.connect(port, `older client ${round}`)
      await client.exchange(pieceSize)
      older.push(client)
    }
  }
  return older
}

/** Everybody else, while clients vanish: older ones continue their streams, new ones come and are served. */
class Company {
  rounds = 0
  /** Milliseconds until a piece was back. */
  slowest = 0
  readonly #done: Promise<void>
  #stopping = false
  #problem: unknown

  constructor(context: TestContext, older: readonly EchoClient[]) {
    this.#done = this.#talk(context, older).catch(problem => {
      this.#problem = problem
    })
  }

  async stop(): Promise<void> {
    this.#stopping = true
    await this.#done
  }

  /** Throws what went wrong. */
  check(): void {
    if (this.#problem !== undefined) throw this.#problem
  }

  async #talk(context: TestContext, older: readonly EchoClient[]): Promise<void> {
    do {
      const times = await Promise.all([...older.map(client => client.exchange(pieceSize)), newcomers(context)])
      this.slowest = Math.max(this.slowest, ...times)
      this.rounds++
      await context.pause(roundEvery)
    } while (!this.#stopping)
  }
}

/** A new client on each port: comes, is served, leaves. Returns the milliseconds of the slowest. */
async function newcomers(context: TestContext): Promise<number> {
  const times = await Promise.all(
    context.target.ports.map(async port => {
      const client = await context.connect(port, 'a new client')
      const time = await client.exchange(pieceSize)
      await client.finish(closeTime)
      return time
    })
  )
  return Math.max(...times)
}

/** Port after port: all at once would fill the kernel's memory for sockets. */
async function vanish(context: TestContext, how: VanishWay, clients: number): Promise<void> {
  const { ports } = context.target
  for (const [index, port] of ports.entries()) {
    const share = Math.floor(clients / ports.length) + (index < clients % ports.length ? 1 : 0)
    if (share === 0) continue
    await context.protocol.vanish(context, [port], how, share, client => `client ${client + 1} of those that vanish`)
  }
}

/**
 * Throws a Blame when descriptors remain of a wave that has vanished, and as many again of the next one like it: what a
 * program keeps for later use (Go's pipes for splice(2), say) it makes once. Returns how many it has now.
 */
async function expectDescriptors(
  context: TestContext,
  before: number,
  wave: () => Promise<void>,
  what: string
): Promise<number> {
  const first = await descriptorsAtRest(context, before + descriptorAllowance)
  context.measure({ descriptors: first })
  if (first <= before + descriptorAllowance) return first
  context.log(`${count(first - before)} descriptors more than before: does it go on?`)
  await wave()
  const second = await descriptorsAtRest(context, first + (first - before) * lostShare)
  context.measure({ descriptors: second })
  if (second <= first + (first - before) * lostShare) return second
  const kept = `keeps ${count(second - first)} more descriptors open, ${seconds(stallPatience)} after ${what}`
  throw new Blame('limit', `${kept} (${count(first)} before, ${count(second)} now)`)
}

/** Waits until the program has no more descriptors than so many, as long as their number goes down. Returns it. */
async function descriptorsAtRest(context: TestContext, limit: number): Promise<number> {
  const patience = new Patience()
  let now = (await countDescriptors(context)) ?? 0
  while (now > limit && !patience.isExhausted()) {
    await context.pause(lookEvery)
    const last = now
    now = (await countDescriptors(context)) ?? 0
    if (now < last) patience.renew()
  }
  return now
}

/** Undefined for a program that runs already and of which only its connections can be seen. */
async function countDescriptors(context: TestContext): Promise<number | undefined> {
  if (context.target.pid === undefined) return undefined
  const descriptors = await context.resources.countDescriptors()
  if (descriptors === undefined) throw new Doubt("the program's descriptors may not be looked at")
  return descriptors
}
