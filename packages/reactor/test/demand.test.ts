import * as assert from 'uvu/assert'
import type { Block, Socket } from '../src/index.js'
import type { Endpoint } from './endpoint.js'
import { PatternChecker, PatternSender } from './pattern.js'
import { describeMatrix, onLoop, send } from './rig.js'

const megabyte = 1024 * 1024

describeMatrix('demand', (test, engine) => {
  test('0 pauses and more resumes, as often as one likes', () =>
    onLoop(engine, async (rig, loop) => {
      const total = 3 * megabyte
      const checker = new PatternChecker()
      let paused = false
      let pauses = 0
      const onRead = (socket: Socket, block: Block, start: number, length: number) => {
        assert.not(paused, 'onRead while paused')
        checker.check(block, start, length)
        if (checker.checked === total) {
          assert.ok(pauses > 5)
          loop.stop()
          return
        }
        socket.demand(0)
        paused = true
        pauses++
        loop.timer(pauses < 20 ? 3 : 0, () => {
          paused = false
          socket.demand(Number.POSITIVE_INFINITY)
        })
      }
      const sender = new PatternSender(loop.arena, total)
      const onWritable = (socket: Socket) => sender.pump(socket)
      await rig.pair({ client: { onWritable }, server: { onRead } }, client => sender.pump(client.socket))
    }))

  test('paused in onConnection, nothing is delivered, not even the end, until it is resumed', () =>
    onLoop(engine, async (rig, loop) => {
      let server: Endpoint | undefined
      const listener = await loop.listen({ host: '127.0.0.1', port: 0 }, socket => {
        socket.demand(0)
        server = rig.endpoint({ onEnd: () => loop.stop() }).adopt(socket)
        return server
      })
      const client = rig.connect(listener.port, {
        onConnect: socket => {
          send(client, 'first words')
          socket.shutdown()
        },
      })
      loop.timer(50, () => {
        assert.equal(server?.events, [])
        server?.socket.demand(Number.POSITIVE_INFINITY)
      })
      return () => {
        assert.equal(server?.events, ['read', 'end', 'close'])
        assert.is(server?.text, 'first words')
      }
    }))

  test('n bounds what one onRead delivers: exactly, or on node to one buffer more', () =>
    onLoop(engine, async (rig, loop) => {
      const total = 2 * megabyte
      const most = engine !== 'node' ? 0 : 64 * 1024
      const checker = new PatternChecker()
      const demands = [1, 10, 1000, 70_000, 3, 262_144, 500_000]
      let reads = 0
      const onRead = (socket: Socket, block: Block, start: number, length: number) => {
        const asked = demands[reads % demands.length] as number
        assert.ok(length <= asked + most, `${length} bytes with ${asked} asked for`)
        checker.check(block, start, length)
        reads++
        socket.demand(demands[reads % demands.length] as number)
        if (checker.checked === total) loop.stop()
      }
      const sender = new PatternSender(loop.arena, total)
      const onWritable = (socket: Socket) => sender.pump(socket)
      await rig.pair({ client: { onWritable }, server: { onRead } }, (client, server) => {
        server.socket.demand(demands[0] as number)
        sender.pump(client.socket)
      })
    }))

  test('what was there before a pause is delivered by a resume without a further edge', () =>
    onLoop(engine, async (rig, loop) => {
      await rig.pair({ server: { onRead: () => loop.stop() } }, (client, server) => {
        server.socket.demand(0)
        send(client, 'all there is')
        loop.timer(20, () => server.socket.demand(1000))
      })
    }))

  test('resumed and paused again in one callback, it stays silent', () =>
    onLoop(engine, async rig => {
      await rig.pair({}, (client, server) => {
        server.socket.demand(0)
        send(client, 'not now')
        rig.loop.timer(10, () => {
          server.socket.demand(5)
          server.socket.demand(0)
          rig.loop.timer(20, () => {
            assert.equal(server.events, [])
            rig.loop.stop()
          })
        })
      })
    }))

  test('a firehose does not keep a small conversation waiting', () =>
    onLoop(engine, async (rig, loop) => {
      const total = 64 * megabyte
      // One share of a turn; libuv reads 32 times 64 KiB before it looks at others.
      const share = { epoll: megabyte, uring: 256 * 1024, node: 2 * megabyte }[engine]
      const turnsPerRound = 4
      const sender = new PatternSender(loop.arena, total)
      let poured = 0
      let pouredAtPing = 0
      let rounds = 0
      await rig.pair(
        {
          client: { onWritable: socket => sender.pump(socket) },
          server: {
            onRead: (_socket, _block, _start, length) => {
              poured += length
            },
          },
        },
        client => sender.pump(client.socket)
      )
      const ping = (end: Endpoint) => {
        pouredAtPing = poured
        send(end, 'ping')
      }
      let client: Endpoint
      const onPong = () => {
        const between = poured - pouredAtPing
        assert.ok(between <= turnsPerRound * share, `${between} bytes poured between ping and pong`)
        if (++rounds < 10) {
          ping(client)
          return
        }
        assert.ok(poured > 0 && poured < total, 'the firehose was not pouring')
        loop.stop()
      }
      let server: Endpoint
      await rig.pair({ client: { onRead: onPong }, server: { onRead: () => send(server, 'pong') } }, (one, other) => {
        client = one
        server = other
        ping(client)
      })
    }))
})
