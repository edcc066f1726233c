import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { compileLoadClient, LoadClient, type LoadOutcome } from '../src/load-client.js'
import { withCompiler } from './compiler.js'
import { echo, withEchoServer } from './echo-server.js'

const test = suite('load client')
const timeLimit = 20_000

/** Runs the load client; one that holds connections is let go when `until` has come. */
type Load = (port: number, args: readonly string[], until?: Promise<unknown>) => Promise<LoadOutcome>

function check(name: string, run: (load: Load) => Promise<void>): void {
  const body = async () => {
    const program = await compileLoadClient()
    await run(async (port, args, until) => {
      const client = new LoadClient(program, [...args, '--port', `${port}`])
      try {
        await client.begun
        if (until !== undefined) {
          await until
          client.leave()
        }
        return await client.finished
      } finally {
        await client.stop()
      }
    })
  }
  withCompiler(test, name, body, { timeLimit })
}

async function refusal(run: Promise<unknown>): Promise<string> {
  try {
    await run
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it did not fail')
}

const brief = ['--warmup', '0.05', '--duration', '0.2']

check('requests: every message is answered, in its time', load =>
  withEchoServer(echo, async port => {
    const outcome = await load(port, ['requests', '--connections', '8', '--pipeline', '3', '--size', '100', ...brief])
    assert.ok(outcome.messages > 100)
    assert.is(outcome.bytes, outcome.messages * 100)
    assert.is(outcome.latency?.count, outcome.messages)
    assert.ok(outcome.seconds >= 0.2 && outcome.seconds < 5)
    const { p50 = 0, p90 = 0, p99 = 0, p999 = 0, max = 0 } = outcome.latency ?? {}
    assert.ok(0 < p50 && p50 <= p90 && p90 <= p99 && p99 <= p999 && p999 <= max)
    assert.ok(outcome.cpuSeconds > 0)
  })
)

check('requests: no more than one message is in flight on a connection unless told', load => {
  let most = 0
  const count = (socket: Socket) => {
    socket.on('data', bytes => {
      most = Math.max(most, bytes.length)
      setTimeout(() => socket.write(bytes), 2)
    })
  }
  return withEchoServer(count, async port => {
    await load(port, ['requests', '--connections', '2', '--size', '64', ...brief])
    assert.is(most, 64)
  })
})

check('stream: all bytes come back, verified, however they are cut', load => {
  const trickle = (socket: Socket) => {
    socket.on('data', bytes => {
      socket.write(bytes.subarray(0, 1))
      socket.write(bytes.subarray(1))
    })
  }
  return withEchoServer(trickle, async port => {
    const outcome = await load(port, ['stream', '--verify', '--bytes', '3000001', '--connections', '3'])
    assert.is(outcome.bytes, 3_000_001)
  })
})

check('several threads share the connections and add up', load =>
  withEchoServer(echo, async port => {
    const stream = await load(port, [
      'stream',
      '--verify',
      '--bytes',
      '2000003',
      '--connections',
      '5',
      '--threads',
      '2',
    ])
    assert.is(stream.bytes, 2_000_003)
    const requests = await load(port, ['requests', '--connections', '3', '--threads', '3', ...brief])
    assert.is(requests.latency?.count, requests.messages)
  })
)

check('connects: as many as were asked for', load =>
  withEchoServer(echo, async port => {
    const outcome = await load(port, ['connects', '--count', '300', '--parallel', '16'])
    assert.is(outcome.messages, 300)
    assert.is(outcome.latency?.count, 300)
  })
)

check('rate: the schedule is kept, every message answered', load =>
  withEchoServer(echo, async port => {
    const outcome = await load(port, ['rate', '--rate', '1000', '--connections', '7', ...brief])
    // Messages that were due in the measured time, whenever they were sent.
    const due = outcome.seconds * 1000
    assert.ok(Math.abs(outcome.messages - due) <= 2, `${outcome.messages} of ${due}`)
    assert.is(outcome.unanswered, 0)
    // A message is sent when it is due or later, and by some nanoseconds always later.
    assert.ok((outcome.service?.mean ?? 0) < (outcome.latency?.mean ?? 0))
  })
)

check('rate: what a client is too slow to send in time counts all the same', load =>
  withEchoServer(echo, async port => {
    const rate = 2_000_000
    const { seconds, messages, unanswered } = await load(port, [
      ...['rate', '--rate', `${rate}`, '--connections', '7', '--warmup', '0.05', '--duration', '0.1'],
    ])
    assert.ok(Math.abs(messages + unanswered - seconds * rate) <= 2, `${messages} and ${unanswered} in ${seconds} s`)
  })
)

check('rate: a server that freezes shows with every message that was due meanwhile', load => {
  const freeze = 300
  let frozen = false
  const freezing = (socket: Socket) => {
    socket.on('data', bytes => {
      if (!frozen) {
        frozen = true
        setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, freeze), 150)
      }
      socket.write(bytes)
    })
  }
  return withEchoServer(freezing, async port => {
    const args = ['rate', '--rate', '500', '--connections', '4', '--warmup', '0', '--duration', '0.6']
    const { latency } = await load(port, args)
    // Half of all messages were due while the server stood still, and half of those waited for half of that or longer.
    assert.ok((latency?.max ?? 0) >= freeze * 0.9e6, `max ${latency?.max}`)
    assert.ok((latency?.p90 ?? 0) >= freeze * 0.5e6, `p90 ${latency?.p90}`)
  })
})

check('rate: clients that never read are not waited for', load => {
  const silent = new Set<Socket>()
  const handle = (socket: Socket) => {
    socket.once('data', bytes => {
      // A message is 64 bytes, and few come at once; who floods sends far more.
      if (bytes.length > 8192) silent.add(socket.pause())
      else {
        socket.write(bytes)
        socket.pipe(socket)
      }
    })
  }
  return withEchoServer(handle, async port => {
    const outcome = await load(port, ['rate', '--rate', '500', '--connections', '3', '--never-read', '2', ...brief])
    assert.is(silent.size, 2)
    assert.is(outcome.unanswered, 0)
  })
})

check('hold: connections stay, and those that the server closes are counted', load => {
  const closing: Promise<unknown>[] = []
  const handle = (socket: Socket) => {
    echo(socket)
    if (closing.length === 3) return
    closing.push(once(socket, 'close'))
    socket.once('data', () => setTimeout(() => socket.destroy(), 50))
  }
  return withEchoServer(handle, async port => {
    const allClosed = sleep(100).then(() => Promise.all(closing))
    const outcome = await load(port, ['hold', '--connections', '20'], allClosed)
    assert.is(outcome.messages, 20)
    assert.is(outcome.closed, 3)
  })
})

check('wrong bytes end the load, with the offset', load => {
  const flip = (socket: Socket) => {
    let offset = 0
    socket.on('data', bytes => {
      const at = 70_000 - offset
      if (at >= 0 && at < bytes.length) bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
      offset += bytes.length
      socket.write(bytes)
    })
  }
  return withEchoServer(flip, async port => {
    const message = await refusal(load(port, ['stream', '--verify', '--bytes', '1000000']))
    assert.match(message, /^connection 0: wrong byte at offset 70000$/)
    const requests = await refusal(load(port, ['requests', '--size', '4096', ...brief]))
    assert.match(requests, /^connection 0: wrong byte at offset 70000$/)
  })
})

check('bytes that nobody sent, an early end and a reset end the load', async load => {
  const requests = ['requests', ...brief]
  const twice = (socket: Socket) => void socket.on('data', bytes => socket.write(Buffer.concat([bytes, bytes])))
  await withEchoServer(twice, async port => {
    assert.match(await refusal(load(port, ['rate', '--rate', '200', ...brief])), /wrong byte|more bytes came back/)
  })
  await withEchoServer(
    socket => void socket.once('data', () => socket.end()),
    async port => {
      assert.match(await refusal(load(port, requests)), /closed by the server/)
    }
  )
  await withEchoServer(
    socket => void socket.once('data', () => socket.resetAndDestroy()),
    async port => {
      assert.match(await refusal(load(port, requests)), /reset by peer/i)
    }
  )
})

check('nobody listens', async load => {
  const port = await withEchoServer(echo, async free => free)
  assert.match(await refusal(load(port, ['requests', ...brief])), /^connection 0: connect: Connection refused$/)
})

check('an option that is no number', async load => {
  assert.match(await refusal(load(1, ['requests', '--size', '6x'])), /the load client ended/)
})

test.run()
