import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { chooseEngine } from 'reactor'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Client, eventually, sleep } from './client.js'
import { type ProcessScene, ServerProcess, type StartOptions, withServerProcess } from './server-process.js'

const test = suite('process', { timeLimit: 30_000 })

const chunk = randomBytes(64 * 1024)

/** One test for each of two engines, each with a process of its own, which is slow: `uring` has the other suites. */
function onEachEngine(
  name: string,
  args: readonly string[],
  body: (scene: ProcessScene & { engine: string }) => Promise<void>,
  options?: StartOptions
): void {
  for (const engine of ['epoll', 'node']) {
    test(`${name} [${engine}]`, () =>
      withServerProcess(['--engine', engine, ...args], scene => body({ ...scene, engine }), options))
  }
}

async function isServed(client: Client): Promise<boolean> {
  const bytes = randomBytes(100)
  void client.write(bytes)
  return (await client.read(bytes.length)).equals(bytes)
}

onEachEngine(
  'SIGTERM: a client that has not read gets everything, then the process ends',
  ['--pipe-threshold', '256k', '--grace', '20s'],
  async ({ server, connect }) => {
    const stalled = await connect()
    const sent = await stalled.writeUntilStuck(chunk)
    server.signal('SIGTERM')
    await eventually(
      'it refuses',
      () =>
        connect().then(
          () => '',
          error => error.code
        ),
      code => code === 'ECONNREFUSED'
    )
    const all = await stalled.readAll()
    assert.is(all.length, sent + chunk.length)
    assert.ok(all.equals(Buffer.alloc(all.length, chunk)))
    stalled.end()
    const { code, stderr } = await server.end()
    assert.is(code, 0)
    assert.match(stderr, /stopped: \d+ connections? drained\n$/)
  }
)

onEachEngine(
  'the end of the grace: what was lost is said in one line',
  ['--pipe-threshold', '256k', '--grace', '300ms'],
  async ({ server, connect }) => {
    const stalled = await connect()
    await stalled.writeUntilStuck(chunk)
    await connect()
    server.signal('SIGINT')
    const { code, stderr } = await server.end()
    assert.is(code, 0)
    assert.match(
      stderr,
      /stopped after the grace of 300ms: 1 of 2 connections had to be cut off, .* KiB held for them are lost\n$/
    )
  }
)

onEachEngine(
  'a second signal ends it at once, with the code for that signal',
  ['--pipe-threshold', '64k', '--grace', '1m'],
  async ({ server, connect, engine }) => {
    const stalled = await connect()
    await stalled.writeUntilStuck(chunk)
    const [signal, code] = engine === 'epoll' ? (['SIGTERM', 143] as const) : (['SIGINT', 130] as const)
    server.signal('SIGTERM')
    await eventually(
      'it is draining',
      () => server.stderr,
      text => text.includes('no longer accepting')
    )
    await sleep(250)
    assert.is(server.child.exitCode, null)
    const start = performance.now()
    server.signal(signal)
    const ending = await server.end()
    assert.is(ending.code, code)
    assert.ok(performance.now() - start < 3000)
    assert.match(ending.stderr, `${signal} again: ending at once`)
  }
)

onEachEngine(
  'one Ctrl-C that arrives twice is one signal',
  ['--pipe-threshold', '64k'],
  async ({ server, connect }) => {
    const client = await connect()
    await client.writeUntilStuck(chunk)
    server.signal('SIGINT')
    server.signal('SIGINT')
    await client.readAll()
    client.end()
    assert.is((await server.end()).code, 0)
  }
)

onEachEngine('SIGUSR2 prints one line of statistics', ['--log-level', 'silent'], async ({ server, connect }) => {
  const [staying, leaving] = [await connect(), await connect()]
  void staying.write(chunk.subarray(0, 1436))
  await staying.read(1436)
  assert.ok(await isServed(leaving))
  leaving.reset()
  await sleep(100)
  server.signal('SIGUSR2')
  const line = await eventually(
    'the line',
    () => server.stderr,
    text => text.endsWith('\n')
  )
  assert.match(
    line,
    /connections: 1 open, 2 accepted, 1 reset; bytes: in 1\.5 KiB, out 1\.5 KiB, held 0 B; loop: [\d,]+ turns\n$/
  )
  assert.is(line.split('\n').length, 2)
})

onEachEngine('--stats prints such lines with rates', ['--stats', '200ms'], async ({ server, connect }) => {
  const client = await connect()
  for (let round = 0; round < 30; round++) {
    assert.ok(await isServed(client))
    await sleep(20)
  }
  const lines = (
    await eventually(
      'two lines',
      () => server.stderr,
      text => text.split('\n').length > 2
    )
  ).split('\n')
  assert.match(lines[1] ?? '', /1 accepted \([\d,]+\/s\).* in [\d.]+ [Ki]*B \([\d.]+ [Ki]*B\/s\).*turns \([\d,]+\/s\)/)
})

onEachEngine(
  'debug shows each connection, and the limit of descriptors',
  ['--log-level', 'debug'],
  async ({ server, connect }) => {
    const client = await connect()
    assert.ok(await isServed(client))
    client.drop()
    client.end()
    const log = await eventually(
      'it is closed',
      () => server.stderr,
      text => text.includes('ended')
    )
    assert.match(log, /descriptor limit: \d+/)
    assert.match(log, /connection 1: from 127\.0\.0\.1:\d+ on port \d+/)
    assert.match(log, /connection 1: 100 B in, 100 B out, 0 B lost; ended/)
  }
)

onEachEngine('costs nothing while a client is idle', [], async ({ server, connect }) => {
  const client = await connect()
  assert.ok(await isServed(client))
  await sleep(500)
  const before = await processorTicks(server.pid)
  await sleep(2000)
  const used = (await processorTicks(server.pid)) - before
  assert.ok(used <= 2, `${used} ticks in 2 s`)
  assert.ok(await isServed(client))
})

/** Time on the processor, user and system, in ticks of 10 ms (`utime` and `stime` of proc_pid_stat(5)). */
async function processorTicks(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'latin1')).replace(/^.*\) /, '').split(' ')
  return Number(fields[11]) + Number(fields[12])
}

/** Enough for the process itself and some clients. */
const fewDescriptors = { descriptors: 60 }

test('out of descriptors: says so once, serves on, and takes those who wait when one is free [epoll]', () =>
  withServerProcess(
    ['--engine', 'epoll'],
    async ({ server, connect }) => {
      const clients = await Promise.all(Array.from({ length: 70 }, () => connect()))
      await eventually(
        'it says so',
        () => server.stderr,
        text => text.includes('EMFILE')
      )
      const waiting = clients.pop() as Client
      void waiting.write(Buffer.from('patience'))
      assert.ok(await isServed(clients[0] as Client))
      await sleep(100)
      const before = await processorTicks(server.pid)
      await sleep(1000)
      assert.ok((await processorTicks(server.pid)) - before <= 5, 'it does not spin')
      assert.is(waiting.socket.readableLength, 0)
      for (const client of clients.splice(1)) client.reset()
      assert.is((await waiting.read(8)).toString(), 'patience')
      assert.ok(await isServed(clients[0] as Client))
      // Short again at once: it is still the same trouble.
      await Promise.all(Array.from({ length: 70 }, () => connect()))
      await sleep(600)
      assert.is(server.stderr.match(/EMFILE/g)?.length, 1)
      assert.match(server.stderr, /too many open files.*new connections wait until one has ended/)
    },
    fewDescriptors
  ))

test('out of descriptors: survives, and serves on [node]', () =>
  withServerProcess(
    ['--engine', 'node'],
    async ({ connect }) => {
      const first = await connect()
      assert.ok(await isServed(first))
      const others = await Promise.all(Array.from({ length: 70 }, () => connect()))
      assert.ok(await isServed(first))
      for (const client of others) client.reset()
      await eventually(
        'new clients are served',
        async () => isServed(await connect()).catch(() => false),
        served => served
      )
      assert.ok(await isServed(first))
    },
    fewDescriptors
  ))

onEachEngine('outlives the readers of its output', [], async ({ server, connect }) => {
  const client = await connect()
  server.child.stdout?.destroy()
  server.child.stderr?.destroy()
  await sleep(50)
  for (let round = 0; round < 3; round++) {
    server.signal('SIGUSR2')
    await sleep(50)
    assert.ok(await isServed(client))
  }
  client.drop()
  server.signal('SIGTERM')
  assert.is((await server.end()).code, 0)
})

test('outlives a log that cannot be written', () =>
  withServerProcess(
    [],
    async ({ server, connect }) => {
      const client = await connect()
      server.signal('SIGUSR2')
      await sleep(100)
      assert.ok(await isServed(client))
      client.drop()
      server.signal('SIGTERM')
      assert.is((await server.end()).code, 0)
    },
    // Every write to it fails with ENOSPC (full(4)).
    { errorsTo: '/dev/full' }
  ))

test('outlives a reader that was gone before it listened', async () => {
  const server = ServerProcess.start(['--ports', '0', '--ready-fd', '3'], { withPipe: true })
  let client: Client | undefined
  try {
    server.child.stdout?.destroy()
    const { ports, engine } = JSON.parse(await server.notice())
    assert.is(engine, (await chooseEngine('auto')).engine, 'a descriptor that is a socket changes nothing')
    client = await Client.connect(ports[0])
    assert.ok(await isServed(client))
    client.drop()
    server.signal('SIGTERM')
    const { code, stderr } = await server.end()
    assert.is(code, 0, stderr)
    assert.match(stderr, /stopped/)
  } finally {
    client?.socket.destroy()
    server.child.kill('SIGKILL')
    await server.ended
  }
})

test('being full is said once', () =>
  withServerProcess(['--max-connections', '1'], async ({ server, connect }) => {
    const first = await connect()
    assert.ok(await isServed(first))
    await connect()
    await eventually(
      'it says so',
      () => server.stderr,
      text => text.includes('\n')
    )
    assert.match(server.stderr, /1 connection .* most allowed/)
  }))

test.run()
