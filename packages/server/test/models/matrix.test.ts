import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { eventually } from '../client.js'
import { inTemporaryFolder } from '../temporary-folder.js'
import { type Scene, withServer } from '../with-server.js'
import { type Conversation, conversations } from './conversations.js'
import { models, nameOf } from './every-model.js'

const test = suite('every protocol under every model', { timeLimit: 60_000 })

const clients = 50

/** Every fifth client vanishes in the middle of a message, and every tenth of them without a word. */
async function visit({ connect }: Scene, conversation: Conversation, number: number): Promise<void> {
  const client = await connect()
  if (number % 5 !== 4) {
    await conversation.talk(client, number)
    return
  }
  if (number % 10 === 9) await client.write(Buffer.from(conversation.fragment))
  client.reset()
}

async function crowd(scene: Scene, conversation: Conversation): Promise<void> {
  await Promise.all(Array.from({ length: clients }, (_, number) => visit(scene, conversation, number)))
  await conversation.talk(await scene.connect(), clients)
  const stats = await eventually(
    'all are gone',
    () => scene.server.stats(),
    ({ open, accepted }) => open === 0 && accepted === clients + 1
  )
  assert.is(stats.heldBytes, 0)
  assert.is(stats.leasedBytes, 0)
  assert.is(stats.refused + stats.tooLong + stats.timedOut + stats.slowMessages, 0)
  const workers = await scene.server.workers()
  const sum = (name: 'accepted' | 'requests' | 'open') => workers.reduce((total, worker) => total + worker[name], 0)
  assert.is(sum('accepted'), clients + 1)
  assert.is(sum('requests'), stats.requests)
  assert.is(sum('open'), 0)
}

for (const model of models) {
  for (const [name, conversation] of Object.entries(conversations)) {
    test(`${name} under ${nameOf(model)}: ${clients} clients at once, some of which vanish`, () =>
      inTemporaryFolder(folder =>
        withServer({ ports: [0], model, protocol: conversation.settings(folder) }, scene => crowd(scene, conversation))
      ))
  }
}

/** The answer to kv's `stats`, as numbers by name. */
async function kvStats({ connect }: Scene): Promise<Map<string, number>> {
  const client = await connect()
  const all = client.readAll()
  await client.write(Buffer.from('stats\r\nquit\r\n'))
  const answer = (await all).toString()
  client.end()
  return new Map([...answer.matchAll(/STAT (\S+) (\S+)\r\n/g)].map(([, name = '', value]) => [name, Number(value)]))
}

for (const model of models) {
  test(`under ${nameOf(model)} a protocol can tell what all workers together have counted`, () =>
    inTemporaryFolder(folder =>
      withServer({ ports: [0], model, protocol: conversations.kv.settings(folder) }, async scene => {
        for (let number = 0; number < 10; number++) await conversations.kv.talk(await scene.connect(), number)
        const before = await eventually(
          'all are gone',
          () => scene.server.stats(),
          ({ open }) => open === 0
        )
        const told = await kvStats(scene)
        assert.is(told.get('total_connections'), 11)
        assert.is(told.get('curr_connections'), 1)
        // Its own bytes may be among them already.
        assert.ok((told.get('bytes_read') as number) - before.bytesIn <= 'stats\r\nquit\r\n'.length)
        assert.ok((told.get('bytes_read') as number) >= before.bytesIn)
        assert.is(told.get('bytes_written'), before.bytesOut)
      })
    ))
}

test.run()
