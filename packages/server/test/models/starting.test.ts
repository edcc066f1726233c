import { createServer } from 'node:net'
import { join } from 'node:path'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { ListenError, StartError, startServer } from '../../src/index.js'
import type { ProtocolSettings } from '../../src/protocols/settings.js'
import { eventually } from '../client.js'
import { inTemporaryFolder } from '../temporary-folder.js'
import { withServer } from '../with-server.js'
import { models, nameOf, onEachModel } from './every-model.js'
import { childrenOf } from './processes.js'

const test = suite('starting', { timeLimit: 30_000 })

/** Two ports that were free a moment ago. */
async function freePorts(): Promise<readonly number[]> {
  let ports: readonly number[] = []
  await withServer({ ports: [0, 0] }, async ({ server }) => {
    ports = server.ports
  })
  return ports
}

async function withHolder(body: (port: number) => Promise<void>): Promise<void> {
  const holder = createServer()
  await new Promise<void>(resolve => holder.listen(0, '127.0.0.1', resolve))
  try {
    await body((holder.address() as { port: number }).port)
  } finally {
    holder.close()
  }
}

async function leavesNothing(ports: readonly number[], before: readonly number[]): Promise<void> {
  await eventually(
    'no process is left',
    () => childrenOf(process.pid),
    after => after.every(pid => before.includes(pid))
  )
  await withServer({ ports }, async ({ server }) => assert.equal(server.ports, ports))
}

for (const model of models) {
  test(`a port that is taken is named, and the others are free again [${nameOf(model)}]`, () =>
    withHolder(async taken => {
      const [first = 0, second = 0] = await freePorts()
      const before = await childrenOf(process.pid)
      const error = await startServer({ ports: [first, taken, second], model }).then(
        () => assert.unreachable('it listens'),
        error => error
      )
      assert.instance(error, ListenError)
      assert.match(error.message, `port ${taken} of 127.0.0.1 is taken by this process itself`)
      await leavesNothing([first, second], before)
    }))

  test(`a protocol that cannot run here says why, and nothing is left behind [${nameOf(model)}]`, () =>
    inTemporaryFolder(async folder => {
      const protocol: ProtocolSettings = {
        name: 'journal',
        users: ['foobar'],
        file: join(folder, 'no', 'such', 'folder', 'journal.log'),
      }
      const ports = await freePorts()
      const before = await childrenOf(process.pid)
      const error = await startServer({ ports, model, protocol }).then(
        () => assert.unreachable('it starts'),
        error => error
      )
      assert.instance(error, StartError)
      assert.match(error.message, /journal\.log.*(ENOENT|no such file)/)
      await leavesNothing(ports, before)
    }))
}

onEachModel(test, 'several ports, each of which is served', { ports: [0, 0, 0] }, async ({ server, connect }) => {
  assert.is(new Set(server.ports).size, 3)
  for (const port of server.ports) {
    const client = await connect(port)
    void client.write(Buffer.from(`port ${port}`))
    const answer = `port ${port}`
    assert.is((await client.read(answer.length)).toString(), answer)
    client.drop()
    client.end()
  }
})

onEachModel(test, 'IPv6', { host: '::1' }, async ({ server, connect }) => {
  assert.is(server.host, '::1')
  const client = await connect(server.ports[0], '::1')
  void client.write(Buffer.from('hello'))
  assert.is((await client.read(5)).toString(), 'hello')
})

test.run()
