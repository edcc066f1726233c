import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type Client, eventually, sleep } from '../client.js'
import { type ProcessScene, withServerProcess } from '../server-process.js'
import { inTemporaryFolder } from '../temporary-folder.js'
import { withServer } from '../with-server.js'
import { childrenOf, isAlive } from './processes.js'

const test = suite('SIGKILL under load', { timeLimit: 60_000 })

const models: readonly (readonly string[])[] = [
  ['epoll'],
  ['epoll', '--loops', '2'],
  ['single'],
  ['prefork', '--workers', '4'],
  ['prefork', '--workers', '4', '--connections-per-worker', '50'],
  ['threaded', '--workers', '4'],
  ['ring'],
]

/** Sends numbered messages, one after the other, until the connection ends; and knows which were answered. */
class Writer {
  readonly answered: string[] = []
  readonly done: Promise<void>
  /** Whether it was let go without an answer that it waited for. */
  cutOff = false

  constructor(client: Client, name: string) {
    this.done = this.#write(client, name)
  }

  async #write({ socket }: Client, name: string): Promise<void> {
    let sent = 0
    let text = ''
    const next = () => socket.write(`foobar:${name}-${++sent}\n`)
    try {
      for await (const part of socket) {
        text += part
        for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
          const answer = text.slice(0, end)
          text = text.slice(end + 1)
          const [, message] = /recorded "(\S+)" from user foobar/.exec(answer) ?? []
          if (message !== undefined) this.answered.push(message)
          next()
        }
      }
    } catch {
      // It was reset.
    }
    this.cutOff = this.answered.length < sent
  }
}

async function startWriters({ connect }: ProcessScene, count: number): Promise<Writer[]> {
  const writers: Writer[] = []
  for (let number = 0; number < count; number++) writers.push(new Writer(await connect(), `writer${number}`))
  return writers
}

async function checkJournal(file: string, writers: readonly Writer[]): Promise<void> {
  const text = await readFile(file, 'latin1')
  assert.ok(text.endsWith('\n'), 'the last record is whole')
  const completed = new Set([...text.matchAll(/completed req "(\S+)" on/g)].map(([, message]) => message))
  for (const message of writers.flatMap(({ answered }) => answered)) {
    assert.ok(completed.has(message), `${message} was answered and is not in the journal`)
  }
}

async function portIsFree(port: number): Promise<void> {
  await eventually(
    'the port is free',
    () =>
      withServer({ ports: [port] }, async () => {}).then(
        () => true,
        () => false
      ),
    free => free
  )
}

/** Runs a journal server with writers at work, and gives them a while. */
function underLoad(
  model: readonly string[],
  body: (scene: ProcessScene, writers: Writer[], file: string) => Promise<void>
): Promise<void> {
  return inTemporaryFolder(async folder => {
    const file = join(folder, 'journal.log')
    const args = ['--protocol', 'journal', '--journal', file, '--log-level', 'warn', '--model', ...model]
    await withServerProcess(args, async scene => {
      const writers = await startWriters(scene, 4)
      await eventually(
        'they write',
        () => writers[0]?.answered.length ?? 0,
        count => count > 50
      )
      await body(scene, writers, file)
    })
  })
}

for (const model of models) {
  test(`${model.join(' ')}: the parent: the port is free, nobody is left behind, what was answered is written`, () =>
    underLoad(model, async ({ server, port }, writers, file) => {
      const children = await childrenOf(server.pid)
      assert.is(children.length, model[0] === 'prefork' ? 4 : 0)
      server.signal('SIGKILL')
      await Promise.all(writers.map(writer => writer.done))
      await portIsFree(port)
      for (const child of children) {
        await eventually(
          'the worker has ended',
          () => isAlive(child),
          alive => !alive
        )
      }
      await checkJournal(file, writers)
    }))
}

test('prefork: the whole tree at once', () =>
  underLoad(['prefork', '--workers', '4'], async ({ server, port }, writers, file) => {
    const children = await childrenOf(server.pid)
    for (const pid of [...children, server.pid]) process.kill(pid, 'SIGKILL')
    await Promise.all(writers.map(writer => writer.done))
    await portIsFree(port)
    await checkJournal(file, writers)
  }))

test('prefork: a worker: its client alone is lost, and another worker takes its place', () =>
  underLoad(['prefork', '--workers', '4'], async ({ server, connect }, writers, file) => {
    const before = await childrenOf(server.pid)
    const victim = before[1] as number
    process.kill(victim, 'SIGKILL')
    await Promise.race(writers.map(writer => writer.done))
    await eventually(
      'there are four again',
      () => childrenOf(server.pid),
      after => after.length === 4 && !after.includes(victim)
    )
    const counts = writers.map(({ answered }) => answered.length)
    await sleep(300)
    const going = writers.filter(({ answered }, index) => answered.length > (counts[index] as number))
    assert.is(going.length, 3, 'the others go on')
    // There is a free worker again.
    const [late] = await startWriters({ connect } as ProcessScene, 1)
    await eventually(
      'the next client is served',
      () => late?.answered.length ?? 0,
      count => count > 10
    )
    server.signal('SIGTERM')
    const { code, stderr } = await server.end()
    assert.is(code, 0)
    assert.match(stderr, new RegExp(`pid ${victim}\\) ended: SIGKILL; 1 of its connections lost`))
    await checkJournal(file, writers)
  }))

test('prefork: workers that die at once again and again are replaced without haste', () =>
  withServerProcess(['--model', 'prefork', '--workers', '1', '--log-level', 'warn'], async ({ server, connect }) => {
    const deaths = 4
    let last: number | undefined
    for (let death = 0; death < deaths; death++) {
      const [child] = await eventually(
        'there is another worker',
        () => childrenOf(server.pid),
        children => children.length === 1 && children[0] !== last
      )
      last = child
      process.kill(child as number, 'SIGKILL')
    }
    const client = await connect()
    void client.write(Buffer.from('hello'))
    assert.is((await client.read(5)).toString(), 'hello')
    client.reset()
    server.signal('SIGTERM')
    const { stderr } = await server.end()
    assert.is(stderr.match(/ended: SIGKILL; 0 of its connections lost/g)?.length, deaths)
  }))

/** Stores numbered values, one after the other, until the connection ends; and knows which were stored. */
async function storeUntilTheEnd({ socket }: Client, name: string, stored: string[]): Promise<void> {
  let sent = 0
  const key = () => `${name}-${sent}`
  const next = () => {
    sent++
    socket.write(`set ${key()} 0 0 ${key().length}\r\n${key()}\r\n`)
  }
  next()
  let text = ''
  try {
    for await (const part of socket) {
      text += part
      if (!text.endsWith('\r\n')) continue
      assert.is(text, 'STORED\r\n')
      text = ''
      stored.push(key())
      next()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
  }
}

async function readBack({ connect }: ProcessScene, keys: readonly string[]): Promise<void> {
  const client = await connect()
  for (let at = 0; at < keys.length; at += 100) {
    const some = keys.slice(at, at + 100)
    const answer = `${some.map(key => `VALUE ${key} 0 ${key.length}\r\n${key}\r\n`).join('')}END\r\n`
    void client.write(Buffer.from(`get ${some.join(' ')}\r\n`))
    assert.is((await client.read(answer.length)).toString(), answer)
  }
  client.reset()
}

test('prefork: workers that die with the store in their hands harm neither it nor the others', () =>
  inTemporaryFolder(async folder => {
    const args = ['--protocol', 'kv', '--store', join(folder, 'store'), '--model', 'prefork', '--workers', '4']
    await withServerProcess([...args, '--log-level', 'warn'], async scene => {
      const all: string[] = []
      for (let death = 0; death < 5; death++) {
        const stored: string[][] = [[], [], [], []]
        const least = () => Math.min(...stored.map(({ length }) => length))
        const total = () => stored.reduce((sum, { length }) => sum + length, 0)
        const clients = await Promise.all(stored.map(() => scene.connect()))
        const ends = clients.map((client, number) =>
          storeUntilTheEnd(client, `${death}-${number}`, stored[number] as string[])
        )
        await eventually('each worker stores', least, count => count > 20)
        const victim = (await childrenOf(scene.server.pid))[death % 4] as number
        process.kill(victim, 'SIGKILL')
        await Promise.race(ends)
        const before = total()
        await eventually('the others go on', total, count => count > before + 100)
        for (const client of clients) client.reset()
        await Promise.all(ends)
        all.push(...stored.flat())
        await eventually(
          'there are four again',
          () => childrenOf(scene.server.pid),
          children => children.length === 4 && !children.includes(victim)
        )
      }
      await readBack(scene, all)
    })
  }))

const hanging: readonly (readonly string[])[] = [
  ['epoll'],
  ['single'],
  ['prefork'],
  ['prefork', '--connections-per-worker', '3'],
  ['threaded'],
  ['ring'],
]

for (const model of hanging) {
  test(`${model.join(' ')}: the second signal ends it at once, with work and clients in it`, () =>
    withServerProcess(
      ['--protocol', 'reverse', '--delay', '1m', '--model', ...model],
      async ({ server, port, connect }) => {
        const clients = await Promise.all(Array.from({ length: 7 }, () => connect()))
        for (const client of clients) void client.write(Buffer.from('work\n')).catch(() => {})
        await sleep(300)
        const children = await childrenOf(server.pid)
        server.signal('SIGTERM')
        await sleep(400)
        server.signal('SIGTERM')
        const { code } = await server.end()
        assert.is(code, 143)
        await portIsFree(port)
        for (const child of children) {
          await eventually(
            'the worker has ended',
            () => isAlive(child),
            alive => !alive
          )
        }
      }
    ))
}

test.run()
