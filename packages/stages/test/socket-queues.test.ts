import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { waitUntil } from '../src/patience.js'
import { describeQueues } from '../src/program/socket-queues.js'

const test = suite('socket queues')

for (const host of ['127.0.0.1', '::1']) {
  test(`change with what a program of ${host} has not read, and only then`, async () => {
    const server = createServer({ pauseOnConnect: true }).listen(0, host)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = connect({ port, host })
    try {
      const [socket] = await once(server, 'connection')
      const empty = describeQueues([port])
      assert.match(empty, /00000000:00000000$/)
      client.write('hello')
      assert.ok(await waitUntil(() => describeQueues([port]).endsWith(':00000005')), describeQueues([port]))
      assert.is(describeQueues([port]), describeQueues([port]))
      assert.is(describeQueues([port + 1]), '')
      socket.resume()
      assert.ok(await waitUntil(() => describeQueues([port]) === empty))
    } finally {
      client.destroy()
      server.close()
    }
  })
}

test.run()
