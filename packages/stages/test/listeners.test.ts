import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { holderOfPort, isListening } from '../src/program/listeners.js'
import { freePorts } from './free-ports.js'

const test = suite('listeners')

async function listening<Result>(
  host: string,
  use: (port: number) => Result | Promise<Result>,
  ipv6Only = false
): Promise<Result> {
  const [port = 0] = await freePorts(1)
  const server: Server = createServer(socket => socket.on('error', () => {}))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host, ipv6Only }, resolve)
  })
  try {
    return await use(port)
  } finally {
    await new Promise(resolve => server.close(resolve))
  }
}

test('knows which addresses a listener covers', async () => {
  const hosts = ['127.0.0.1', '::1'] as const
  const covered = (host: string) => listening(host, port => hosts.map(client => isListening(client, port)))
  assert.equal(await covered('127.0.0.1'), [true, false])
  assert.equal(await covered('0.0.0.0'), [true, false])
  assert.equal(await covered('::1'), [false, true])
  assert.equal(await covered('::'), [true, true])
  assert.equal(await covered('::ffff:127.0.0.1'), [true, false])
  assert.equal(await covered('127.0.0.2'), [false, false])
})

test('names who listens', async () => {
  const holder = await listening('127.0.0.1', port => holderOfPort(port))
  assert.equal(holder?.pids, [process.pid])
  assert.match(holder?.description ?? '', new RegExp(`node.* \\(pid ${process.pid}\\)$`))
})

test('finds listeners among many connections', async () => {
  const found = await listening('127.0.0.1', async port => {
    const clients = Array.from({ length: 200 }, () => connect(port, '127.0.0.1'))
    try {
      await Promise.all(clients.map(client => once(client, 'connect')))
      return await listening('::1', other => [isListening('127.0.0.1', port), isListening('::1', other)])
    } finally {
      for (const client of clients) client.resetAndDestroy()
    }
  })
  assert.equal(found, [true, true])
})

test('says that nobody listens', async () => {
  const [port = 0] = await freePorts(1)
  assert.is(holderOfPort(port), undefined)
  assert.is(isListening('127.0.0.1', port), false)
})

test.run()
