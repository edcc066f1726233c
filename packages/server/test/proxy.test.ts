import { randomBytes } from 'node:crypto'
import { LoopThread } from 'reactor'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type Client, eventually, within } from './client.js'
import type { ProxyData, ProxyEvent } from './fixtures/proxy-thread.js'
import { onEachEngine, type Scene } from './with-server.js'

const test = suite('two pipes as a proxy')

const threshold = 128 * 1024
const chunk = randomBytes(64 * 1024)

type State = Extract<ProxyEvent, { kind: 'state' }>

interface Proxied extends Scene {
  /** Connects through the proxy. */
  enter(): Promise<Client>
  state(): Promise<State>
}

/** A proxy in front of the scene's server. */
async function withProxy(scene: Scene, body: (proxied: Proxied) => Promise<void>): Promise<void> {
  const waiting: ((state: State) => void)[] = []
  let port = 0
  let failure: Error | undefined
  const thread = await LoopThread.start<ProxyData, 'state', ProxyEvent>({
    module: new URL('./fixtures/proxy-thread.js', import.meta.url),
    engine: scene.engine,
    data: { upstreamPort: scene.server.ports[0] as number, threshold },
    onEvent: event => {
      if (event.kind === 'listening') port = event.port
      else waiting.shift()?.(event)
    },
    onEnd: error => {
      failure = error
    },
  })
  const state = () => {
    const answer = new Promise<State>(resolve => waiting.push(resolve))
    thread.post('state')
    return within('asking the proxy', answer)
  }
  try {
    await body({ ...scene, enter: () => scene.connect(port), state })
  } finally {
    await thread.stop()
  }
  if (failure !== undefined) throw failure
}

function onEachEngineProxied(name: string, body: (proxied: Proxied) => Promise<void>): void {
  onEachEngine(test, name, { pipeThreshold: threshold }, scene => withProxy(scene, body))
}

onEachEngineProxied('carries a stream both ways, and its end', async ({ enter, state }) => {
  const client = await enter()
  const bytes = randomBytes(5_000_000)
  const all = client.readAll()
  void client.write(bytes)
  client.end()
  assert.ok((await all).equals(bytes))
  assert.is(await client.closed(), undefined)
  const end = await eventually('both ends are gone', state, ({ open }) => open === 0)
  assert.is(end.leased, 0)
})

onEachEngineProxied(
  'holds two thresholds for a client that never reads, then gives it everything',
  async ({ engine, enter, state }) => {
    const client = await enter()
    // Four loops take part: on a busy machine a short silence is not yet the end.
    const sent = await client.writeUntilStuck(chunk, 1500)
    // What `uring` has pending may shrink a little after the source was stopped; a pipe hears of it at 0 only.
    const least = engine === 'uring' ? 0 : threshold
    const stuck = await eventually('both pipes hold', state, ({ held }) => held > least)
    assert.ok(stuck.held <= 2 * (threshold + 64 * 1024), `${stuck.held} held`)
    assert.ok((await client.read(sent)).equals(Buffer.alloc(sent, chunk)))
    await eventually('nothing is held', state, ({ held, leased }) => held === 0 && leased === 0)
  }
)

onEachEngineProxied('passes a reset on to the other end, and frees everything', async ({ server, enter, state }) => {
  const client = await enter()
  await client.writeUntilStuck(chunk)
  client.reset()
  const end = await eventually('both ends are gone', state, ({ open }) => open === 0)
  assert.is(end.leased, 0)
  assert.is(end.held, 0)
  const stats = await eventually(
    'the server knows',
    () => server.stats(),
    ({ open }) => open === 0
  )
  assert.is(stats.reset, 1)
})

test.run()
