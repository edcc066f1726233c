import { join } from 'node:path'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import type { ServerOptions, ServerStats } from '../src/index.js'
import type { ProtocolSettings } from '../src/protocols/settings.js'
import { type Client, eventually, sleep } from './client.js'
import { inTemporaryFolder } from './temporary-folder.js'
import { type Scene, withServer } from './with-server.js'

const test = suite('limits of each protocol', { timeLimit: 60_000 })

interface Case {
  settings(folder: string): ProtocolSettings
  /** A message over the limit of 100 bytes, and what is answered to it. */
  readonly tooLong: readonly [said: string, answer: string]
  /** A message that is never completed, what it is continued with, and what is answered at last. */
  readonly slow: readonly [begun: string, more: string, answer: string]
  /** What is answered to a client that says nothing. */
  readonly idle: string
}

const cases: readonly Case[] = [
  {
    settings: () => ({ name: 'reverse', unit: 'line', allowExit: false }),
    tooLong: ['x'.repeat(101), 'ERROR line longer than 100 bytes\n'],
    slow: ['a', 'b', 'ERROR line not complete after 500ms\n'],
    idle: 'ERROR nothing came for 500ms\n',
  },
  {
    settings: () => ({ name: 'ack' }),
    tooLong: ['x'.repeat(101), 'ERROR message longer than 100 bytes\n'],
    slow: ['a', 'b', 'ERROR message not complete after 500ms\n'],
    idle: 'ERROR nothing came for 500ms\n',
  },
  {
    settings: folder => ({ name: 'journal', users: ['foobar'], file: join(folder, 'log') }),
    tooLong: [`foobar:${'x'.repeat(101)}`, 'ERROR message longer than 100 bytes\n'],
    slow: ['foobar:', 'b', 'ERROR message not complete after 500ms\n'],
    idle: 'ERROR nothing came for 500ms\n',
  },
  {
    settings: folder => ({ name: 'kv', store: join(folder, 'store'), storeSize: 2 ** 30, maxValue: 1000, sync: false }),
    tooLong: [`get ${'x'.repeat(101)}`, 'CLIENT_ERROR line longer than 100 bytes\r\n'],
    slow: ['set k 0 0 1000\r\n', 'b', 'CLIENT_ERROR command not complete after 500ms\r\n'],
    idle: 'CLIENT_ERROR nothing came for 500ms\r\n',
  },
]

/** A server for one case, with what it greets with already read. */
async function serve(
  { settings }: Case,
  options: Partial<ServerOptions>,
  body: (client: Client, answer: Promise<Buffer>, scene: Scene) => Promise<void>
): Promise<void> {
  await inTemporaryFolder(folder =>
    withServer({ ports: [0], protocol: settings(folder), maxMessage: 100, ...options }, async scene => {
      const client = await scene.connect()
      await body(client, client.readAll(), scene)
    })
  )
}

function afterGreeting(answer: Buffer): string {
  return answer.toString('latin1').replace(/^HELLO .*\n/, '')
}

async function counted({ server }: Scene, counter: keyof ServerStats): Promise<void> {
  await eventually(
    `${counter} is counted`,
    () => server.stats(),
    stats => stats[counter] === 1
  )
}

for (const each of cases) {
  const { name } = each.settings('')

  test(`${name}: a message that is too long`, () =>
    serve(each, {}, async (client, answer, scene) => {
      void client.write(Buffer.from(each.tooLong[0]))
      assert.is(afterGreeting(await answer), each.tooLong[1])
      client.end()
      assert.is(await client.closed(), undefined)
      await counted(scene, 'tooLong')
    }))

  test(`${name}: a message that takes too long, though something comes all the time`, () =>
    serve(each, { messageTimeout: 500 }, async (client, answer, scene) => {
      const [begun, more, expected] = each.slow
      await client.write(Buffer.from(begun))
      let over = false
      const text = answer.then(all => {
        over = true
        return afterGreeting(all)
      })
      for (let sent = 0; sent < 80 && !over; sent++) {
        await client.write(Buffer.from(more)).catch(() => {})
        await sleep(50)
      }
      assert.is(await text, expected)
      await counted(scene, 'slowMessages')
    }))

  test(`${name}: a client that says nothing`, () =>
    serve(each, { idleTimeout: 500 }, async (client, answer, scene) => {
      assert.is(afterGreeting(await answer), each.idle)
      client.end()
      await counted(scene, 'timedOut')
    }))
}

test.run()
