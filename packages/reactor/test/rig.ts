import { type Suite, suite } from 'suite'
import * as assert from 'uvu/assert'
import {
  Block,
  type ConnectOptions,
  chooseEngine,
  createLoop,
  type EngineName,
  type Listener,
  type ListenOptions,
  type Loop,
  type LoopOptions,
  type Socket,
} from '../src/index.js'
import { Endpoint, type Hooks } from './endpoint.js'

/** How long a test may take to stop its loop, in milliseconds. */
const patience = 5000

/** Registers the tests of a topic once for each engine. */
export function describeMatrix(topic: string, describe: (test: Suite, engine: EngineName) => void): void {
  for (const engine of ['epoll', 'uring', 'node'] as const) {
    const test = suite(`${topic} on ${engine}`)
    describe(engine === 'uring' ? whereUringRuns(test) : test, engine)
    test.run()
  }
}

const { reason: obstacleToUring } = await chooseEngine('uring')

/** The suite itself where engine `uring` runs; elsewhere one that skips each test and says why. */
export function whereUringRuns(test: Suite): Suite {
  if (obstacleToUring === undefined) return test
  return Object.assign((name: string) => test.skip(name, obstacleToUring), { skip: test.skip, run: test.run })
}

export interface PairOptions {
  readonly client?: Hooks
  readonly server?: Hooks
  readonly listen?: Partial<ListenOptions>
  readonly connect?: Partial<ConnectOptions>
}

/** A loop and the endpoints of one test. */
export class Rig {
  readonly loop: Loop
  readonly #endpoints: Endpoint[] = []

  constructor(loop: Loop) {
    this.loop = loop
  }

  /** A handler that has to hear of its end exactly once by the time the loop has ended. */
  endpoint(hooks: Hooks = {}): Endpoint {
    const endpoint = new Endpoint(hooks)
    this.#endpoints.push(endpoint)
    return endpoint
  }

  /** Listens on a free port of 127.0.0.1; `onConnection` makes the hooks of each connection. */
  listen(
    onConnection: (socket: Socket) => Hooks = () => ({}),
    options: Partial<ListenOptions> = {}
  ): Promise<Listener> {
    return this.loop.listen({ host: '127.0.0.1', port: 0, ...options }, socket => {
      const hooks = onConnection(socket)
      return this.endpoint(hooks).adopt(socket)
    })
  }

  connect(port: number, hooks: Hooks = {}, options: Partial<ConnectOptions> = {}): Endpoint {
    const endpoint = new Endpoint(hooks)
    endpoint.adopt(this.loop.connect({ host: '127.0.0.1', port, ...options }, endpoint))
    this.#endpoints.push(endpoint)
    return endpoint
  }

  /** Connects two endpoints with each other, and calls `begin` when both ends stand. */
  async pair(options: PairOptions, begin: (client: Endpoint, server: Endpoint) => void): Promise<void> {
    const { client: clientHooks = {}, server: serverHooks = {} } = options
    let [client, server]: (Endpoint | undefined)[] = []
    let begun = false
    const beginWithBoth = () => {
      if (begun || !client?.connected || server === undefined) return
      begun = true
      begin(client, server)
    }
    const listener = await this.loop.listen({ host: '127.0.0.1', port: 0, ...options.listen }, socket => {
      server = this.endpoint(serverHooks).adopt(socket)
      // After the listener has learned whose connection it is.
      this.loop.timer(0, beginWithBoth)
      return server
    })
    const onConnect = (socket: Socket) => {
      clientHooks.onConnect?.(socket)
      beginWithBoth()
    }
    client = this.connect(listener.port, { ...clientHooks, onConnect }, options.connect)
  }

  /** Stops the loop `delay` milliseconds from now: late enough for what must not happen to happen. */
  stopIn(delay: number): void {
    this.loop.timer(delay, () => this.loop.stop())
  }

  /** Fails the test when it has not stopped its loop by then. */
  limit(milliseconds = patience): void {
    this.loop.timer(milliseconds, () => {
      throw new Error(`the test did not stop its loop within ${milliseconds} ms`)
    })
  }

  checkAllClosed(): void {
    for (const endpoint of this.#endpoints) assert.is(endpoint.closes, 1, 'onClose was not called exactly once')
  }
}

/**
 * Sets a test up on a loop of its own and runs it until something stops it. What a callback throws fails the test.
 * When `setUp` returns a function, that is called after the loop has ended.
 */
export async function onLoop(
  engine: EngineName,
  setUp: (rig: Rig, loop: Loop) => unknown,
  options: LoopOptions = {}
): Promise<void> {
  const loop = await createLoop(engine, options)
  const rig = new Rig(loop)
  rig.limit()
  let check: unknown
  try {
    check = await setUp(rig, loop)
  } catch (error) {
    loop.stop()
    await loop.run()
    throw error
  }
  await loop.run()
  rig.checkAllClosed()
  if (typeof check === 'function') check()
}

/** A block of a test's own, with one lease. */
export function blockOf(bytes: string | Uint8Array): Block {
  return new Block(Buffer.from(bytes), 0).keep()
}

/** Offers a few bytes, which have to be accepted whole. */
export function send(endpoint: Endpoint, text: string): void {
  const block = blockOf(text)
  assert.is(endpoint.socket.write(block, 0, block.size), block.size)
}
