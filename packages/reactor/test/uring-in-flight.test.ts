import * as assert from 'uvu/assert'
import type { Block, Socket } from '../src/index.js'
import type { Endpoint } from './endpoint.js'
import { PatternChecker, PatternSender } from './pattern.js'
import { blockOf, send } from './rig.js'
import { onUring, uringSuite } from './uring-rig.js'

const test = uringSuite('operations in flight')

function fill(socket: Socket, block: Block): void {
  while (socket.write(block, 0, block.size) > 0);
}

for (const how of ['abort', 'close'] as const) {
  test(`${how} while a send is blocked: its memory is held until the kernel has let go of it`, () =>
    onUring({}, async (rig, loop) => {
      const block = loop.arena.lease()
      const seen: number[] = []
      const client = {
        onWritable: (socket: Socket) => fill(socket, block),
        onClose: () => {
          seen.push(block.leases)
          rig.stopIn(20)
        },
      }
      await rig.pair({ client }, (client, server) => {
        server.socket.demand(0)
        fill(client.socket, block)
        loop.timer(50, () => {
          assert.ok(client.socket.pendingBytes > 0)
          client.socket[how]()
          seen.push(block.leases)
          // What was accepted is delivered before a close is done; an abort waits for nobody.
          loop.timer(50, () => {
            assert.is(client.closes, how === 'abort' ? 1 : 0)
            if (how === 'close') seen.push(block.leases)
            server.socket.demand(Number.POSITIVE_INFINITY)
          })
        })
      })
      return () => {
        assert.is(seen.at(-1), 1, 'the lease was not given back')
        for (const leases of seen.slice(0, -1)) assert.ok(leases > 1, 'the memory could have been used again')
      }
    }))
}

test('closed with bytes pending, and then reset by the peer: it ends, and nothing is tried for ever', () =>
  onUring({}, async (rig, loop) => {
    const block = loop.arena.lease()
    let turns = 0
    const onClose = () => {
      turns = loop.turns
      rig.stopIn(50)
    }
    await rig.pair({ client: { onWritable: socket => fill(socket, block), onClose } }, (client, server) => {
      server.socket.demand(0)
      fill(client.socket, block)
      loop.timer(50, () => {
        client.socket.close()
        loop.timer(20, () => server.socket.abort())
      })
    })
    return () => {
      assert.is(block.leases, 1)
      assert.ok(loop.turns - turns < 10)
    }
  }))

test('shut down and closed with bytes pending, it sends them all and FIN, also when bytes come that nobody reads', () =>
  onUring({}, async (rig, loop) => {
    const block = blockOf(new Uint8Array(60_000))
    const server = {
      onRead: (socket: Socket, block: Block, start: number, length: number) => {
        if (peer?.receivedBytes === length) socket.write(block, start, 1)
      },
      onEnd: () => loop.stop(),
      onClose: () => loop.stop(),
    }
    let peer: Endpoint | undefined
    await rig.pair({ server, connect: { sendBuffer: 2048 } }, ({ socket }, end) => {
      peer = end
      assert.is(socket.write(block, 0, block.size), block.size)
      socket.shutdown()
      socket.close()
    })
    return () => {
      assert.is(peer?.receivedBytes, block.size)
      assert.ok(peer?.ended, 'RST came without FIN')
    }
  }))

test('the loop ends with every kind of operation in flight: all are told, and all memory comes back', () =>
  onUring({}, async (rig, loop) => {
    const block = loop.arena.lease()
    const kept: Block[] = []
    const listener = await rig.listen(() => ({ onRead: (_, block) => kept.push(block.keep()) }))
    // Nobody accepts from this one, so that with its backlog full, connecting takes long.
    const closed = await rig.listen(() => ({}), { backlog: 0 })
    closed.pause()
    const ends: Endpoint[] = []
    for (let index = 0; index < 4; index++) rig.connect(closed.port)
    for (let index = 0; index < 20; index++) {
      const end = rig.connect(listener.port, {
        onConnect: socket => {
          if (index % 3 === 0) socket.demand(0)
          if (index % 2 === 0) send(end, 'hello')
        },
      })
      ends.push(end)
    }
    await rig.pair({ client: { onWritable: socket => fill(socket, block) } }, (client, server) => {
      server.socket.demand(0)
      fill(client.socket, block)
    })
    loop.timer(100, () => {
      for (const { socket } of ends.slice(0, 5)) socket.abort()
      for (const { socket } of ends.slice(5, 10)) socket.close()
      rig.connect(listener.port)
      loop.stop()
    })
    return () => {
      for (const { error } of ends) assert.is(error, undefined)
      assert.is(block.leases, 1)
      assert.ok(kept.length > 0)
      for (const block of kept) block.release()
      for (const block of kept) assert.is(block.leases, 0)
    }
  }))

test('connections come and go in the same turns: nobody hears of another one’s operations', () =>
  onUring({ submissions: 16, completions: 64 }, async rig => {
    const total = 1000
    let begun = 0
    let done = 0
    const listener = await rig.listen(() => ({
      onRead: (socket, block, start, length) => {
        socket.write(block, start, length)
      },
      onEnd: socket => socket.close(),
    }))
    const begin = () => {
      if (begun === total) return
      const number = begun++
      const text = `I am number ${number}`
      const end = rig.connect(listener.port, {
        onConnect: () => {
          send(end, text)
          // Some leave at once, with their bytes on the way and their receive in flight.
          if (number % 3 === 0) end.socket.abort()
          if (number % 5 === 1) end.socket.close()
        },
        onRead: socket => {
          assert.ok(text.startsWith(end.text), `'${end.text}' came to who said '${text}'`)
          if (end.text !== text) return
          if (number % 2 === 0) socket.abort()
          else socket.close()
        },
        onClose: (_, error) => {
          assert.is(error, undefined)
          begin()
          if (++done === total) rig.stopIn(20)
        },
      })
    }
    for (let index = 0; index < 50; index++) begin()
  }))

test('paused and resumed while receives are in flight, nothing is lost or out of order', () =>
  onUring({}, async (rig, loop) => {
    const total = 3_000_000
    const checker = new PatternChecker()
    let random = 12345
    const next = (below: number) => {
      random = (random * 1103515245 + 12345) % 2147483648
      return random % below
    }
    const onRead = (socket: Socket, block: Block, start: number, length: number) => {
      checker.check(block, start, length)
      if (checker.checked === total) loop.stop()
      if (next(4) > 0) return
      socket.demand(0)
      const bytes = [1 + next(100), 1 + next(100_000), Number.POSITIVE_INFINITY][next(3)] as number
      if (next(2) === 0) loop.timer(next(2), () => socket.demand(bytes))
      else socket.demand(bytes)
    }
    const sender = new PatternSender(loop.arena, total)
    // A few bytes at a time, so that receives are multishot, now and then so many that they are not.
    const pour = (socket: Socket) => {
      const before = sender.sent
      const length = Math.min(total - before, next(20) === 0 ? 120_000 : 1 + next(3000))
      sender.offer(socket, length)
      if (sender.sent < total) loop.timer(0, () => pour(socket))
    }
    await rig.pair({ server: { onRead } }, client => pour(client.socket))
  }))

test('received bytes that are kept stay as they are while the kernel fills the rest of their blocks', () =>
  onUring({ messageBuffers: 2 }, async (rig, loop) => {
    const kept: { block: Block; start: number; length: number; text: string }[] = []
    let received = ''
    const rounds = 20_000
    let sent = 0
    const onRead = (_: Socket, block: Block, start: number, length: number) => {
      const text = Buffer.from(block.memory).toString('latin1', start, start + length)
      received += text
      kept.push({ block: block.keep(), start, length, text })
      if (sent === rounds && received.endsWith('last')) loop.stop()
    }
    await rig.pair({ server: { onRead } }, ({ socket }) => {
      const pour = () => {
        for (let index = 0; index < 50 && sent < rounds; index++) {
          const message = blockOf(`number ${sent}${sent === rounds - 1 ? 'last' : ''}`)
          if (socket.write(message, 0, message.size) === 0) break
          sent++
        }
        if (sent < rounds) loop.timer(0, pour)
      }
      pour()
    })
    return () => {
      assert.ok(kept.length > 100)
      for (const { block, start, length, text } of kept) {
        assert.is(Buffer.from(block.memory).toString('latin1', start, start + length), text)
        block.release()
      }
      for (const { block } of kept) assert.is(block.leases, 0)
    }
  }))

test.run()
