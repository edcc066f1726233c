import { createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { EchoClient } from '../src/echo-client.js'
import { Blame } from '../src/verdict.js'

const test = suite('echo client', { timeLimit: 20_000 })

/** Runs `use` with a client of a server that does `serve` with each connection. */
async function withClient<Result>(
  serve: (socket: Socket) => void,
  use: (client: EchoClient) => Promise<Result>
): Promise<Result> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    serve(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const client = new EchoClient({ host: '127.0.0.1', port, name: 'client 1', seed: 3 })
  try {
    await client.connected()
    return await use(client)
  } finally {
    client.leave()
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  }
}

async function blame(serve: (socket: Socket) => void, use: (client: EchoClient) => Promise<unknown>): Promise<Blame> {
  return await withClient(serve, async client => {
    try {
      await use(client)
    } catch (error) {
      assert.instance(error, Blame)
      return error as Blame
    }
    throw new Error('it was not blamed')
  })
}

const echo = (socket: Socket) => socket.pipe(socket)

test('takes replies however they are cut, and counts the time', () =>
  withClient(
    async socket => {
      for await (const chunk of socket) {
        for (const byte of chunk) {
          await sleep(1)
          socket.write(Uint8Array.of(byte))
        }
      }
    },
    async client => {
      assert.ok((await client.exchange(200)) >= 150)
      await client.exchange(Uint8Array.of(0, 10, 255))
      await client.finish(100)
    }
  ))

test('exchanges more than all buffers hold', () => withClient(echo, client => client.exchange(40 * 1024 * 1024)))

test('names the first wrong byte, with both sides of it', async () => {
  const { kind, message, evidence } = await blame(
    socket => socket.on('data', chunk => socket.write(chunk.map((byte, at) => (at === 6 ? byte ^ 0x20 : byte)))),
    client => client.exchange(Buffer.from('0123456789'))
  )
  assert.is(kind, 'bytes')
  assert.match(message, /^byte 7 of client 1 differs \(port \d+\): sent 0x36, got 0x16$/)
  assert.equal(evidence.sent, ['00000000  30  31  32  33  34  35 [36] 37  38  39                         |0123456789|'])
})

test('notices bytes that nobody sent, also behind the last ones', async () => {
  const early = await blame(
    socket => socket.write('hello'),
    async client => {
      await sleep(100)
      await client.exchange(10)
    }
  )
  assert.match(early.message, /client 1 got 5 bytes more than the 0 bytes that it sent$/)
  const late = await blame(
    socket => {
      socket.on('data', chunk => socket.write(chunk))
      socket.on('end', () => socket.end('!'))
    },
    async client => {
      await client.exchange(10)
      await client.finish(1_000)
    }
  )
  assert.match(late.message, /client 1 got 1 byte more than the 10 bytes that it sent$/)
})

test('blames a program that stops, and says how far it had come', async () => {
  const { kind, message } = await blame(
    socket => socket.once('data', chunk => socket.write(chunk.subarray(0, 1024))),
    client => client.exchange(4096)
  )
  assert.is(kind, 'stall')
  assert.match(message, /^port \d+: 4,096 bytes sent, 1,024 came back, then nothing for 5 s \(client 1\)$/)
})

test('sends FIN right behind its last byte, and wants everything back', async () => {
  await withClient(echo, client => client.exchangeLast(300_000, 1_000))
  const { kind, message } = await blame(
    socket => {
      socket.on('data', chunk => setTimeout(() => socket.destroyed || socket.write(chunk), 20))
      socket.on('end', () => socket.destroy())
    },
    client => client.exchangeLast(100, 1_000)
  )
  assert.is(kind, 'connection')
  assert.match(message, /the connection of client 1, whose FIN came right behind its last byte, when 0 of 100 bytes/)
})

test('is patient as long as anything moves', () =>
  withClient(
    socket =>
      socket.on('data', chunk =>
        chunk.forEach((byte, at) => void setTimeout(() => socket.write(Uint8Array.of(byte)), at * 2_200))
      ),
    async client => assert.ok((await client.exchange(4)) > 6_000)
  ))

test('tells a closed connection from one that was reset', async () => {
  const closed = await blame(
    socket => socket.once('data', chunk => socket.end(chunk.subarray(0, 10))),
    client => client.exchange(100)
  )
  assert.is(closed.kind, 'connection')
  assert.match(closed.message, /the program closed the connection of client 1 when 10 of 100 bytes were back$/)
  const reset = await blame(
    socket => socket.once('data', () => socket.resetAndDestroy()),
    client => client.exchange(100)
  )
  assert.match(reset.message, /the connection of client 1 was reset when 0 of 100 bytes were back$/)
})

test('says that nobody listens', async () => {
  const client = new EchoClient({ host: '127.0.0.1', port: 1, name: 'client 1', seed: 3 })
  const error = await client.connected().then(
    () => undefined,
    reason => reason
  )
  assert.instance(error, Blame)
  assert.is((error as Blame).message, 'port 1: the connection was refused (client 1)')
})

test.run()
