import { createServer, type Server } from 'node:net'
import { networkInterfaces } from 'node:os'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { ListenError, StartError, startServer } from '../src/index.js'
import { engines, onEachEngine, testOn, withServer } from './with-server.js'

const test = suite('listening')

const hasIpv6 = Object.values(networkInterfaces()).some(addresses =>
  addresses?.some(({ address }) => address === '::1')
)

async function withListener(host: string, body: (port: number) => Promise<void>): Promise<void> {
  const listener: Server = createServer()
  await new Promise<void>(resolve => listener.listen(0, host, resolve))
  try {
    await body((listener.address() as { port: number }).port)
  } finally {
    listener.close()
  }
}

async function refusal(start: () => Promise<unknown>): Promise<ListenError> {
  try {
    await start()
  } catch (error) {
    if (error instanceof ListenError) return error
    throw error
  }
  throw new Error('it listens')
}

for (const engine of engines) {
  testOn(test, engine, 'a port that is taken: names it and its holder, and frees the others', async () => {
    await withListener('127.0.0.1', async taken => {
      // Ports that were free a moment ago.
      let free: readonly number[] = []
      await withServer({ ports: [0, 0], engine }, async ({ server }) => {
        free = server.ports
      })
      const [first = 0, second = 0] = free
      const error = await refusal(() => startServer({ ports: [first, taken, second], engine }))
      assert.is(error.code, 'EADDRINUSE')
      assert.is(error.port, taken)
      assert.match(error.message, `port ${taken} of 127.0.0.1 is taken by this process itself`)
      await withServer({ ports: [first, second], engine }, async ({ server }) => {
        assert.equal(server.ports, [first, second])
      })
    })
  })
}

onEachEngine(test, 'an address that is not ours', {}, async ({ engine }) => {
  const error = await refusal(() => startServer({ host: '203.0.113.1', ports: [0], engine }))
  assert.is(error.code, 'EADDRNOTAVAIL')
  assert.match(error.message, '203.0.113.1 is not an address of this machine')
})

test('a name that does not resolve', async () => {
  const start = startServer({ host: 'no-such-host.invalid', ports: [0] })
  await start.then(
    () => assert.unreachable(),
    error => {
      assert.instance(error, StartError)
      assert.match(error.message, "host 'no-such-host.invalid' has no address")
    }
  )
})

onEachEngine(test, 'localhost is resolved, IPv4 first', { host: 'localhost' }, async ({ server, connect }) => {
  assert.is(server.host, '127.0.0.1')
  const client = await connect()
  void client.write(Buffer.from('hello'))
  assert.is((await client.read(5)).toString(), 'hello')
})

if (hasIpv6) {
  onEachEngine(test, 'IPv6, with and without brackets', { host: '[::1]' }, async ({ server, connect, engine }) => {
    assert.is(server.host, '::1')
    const client = await connect(server.ports[0], '::1')
    void client.write(Buffer.from('hello'))
    assert.is((await client.read(5)).toString(), 'hello')
    const error = await refusal(() => startServer({ host: '::1', ports: server.ports, engine }))
    assert.match(error.message, 'is taken by this process itself')
  })

  onEachEngine(test, ':: takes IPv4 as well', { host: '::' }, async ({ server, connect, engine }) => {
    for (const host of ['::1', '127.0.0.1']) {
      const client = await connect(server.ports[0], host)
      void client.write(Buffer.from(host))
      assert.is((await client.read(host.length)).toString(), host)
    }
    const error = await refusal(() => startServer({ host: '127.0.0.1', ports: server.ports, engine }))
    assert.match(error.message, 'is taken by this process itself')
  })
} else {
  test.skip('IPv6', 'this machine has no ::1')
}

test.run()
