import * as assert from 'uvu/assert'
import type { Socket, SystemError } from '../src/index.js'
import { Door, withBlockedDoor } from './door.js'
import { blockOf, describeMatrix, onLoop, send } from './rig.js'

/** A port at which nobody listens. */
function freePort(): number {
  const door = new Door()
  door.close()
  return door.port
}

describeMatrix('connecting', (test, engine) => {
  const meetings = [
    {
      name: 'IPv4',
      listenOn: '127.0.0.1',
      connectTo: '127.0.0.1',
      ipv6Only: true,
      seenAs: '127.0.0.1',
      target: '127.0.0.1',
    },
    { name: 'IPv6', listenOn: '::1', connectTo: '::1', ipv6Only: true, seenAs: '[::1]', target: '[::1]' },
    {
      name: 'IPv4 to a dual-stack listener',
      listenOn: '::',
      connectTo: '127.0.0.1',
      ipv6Only: false,
      seenAs: '[::ffff:127.0.0.1]',
      target: '127.0.0.1',
    },
    {
      name: 'IPv6 to a dual-stack listener',
      listenOn: '::',
      connectTo: '::1',
      ipv6Only: false,
      seenAs: '[::1]',
      target: '[::1]',
    },
  ]
  for (const { name, listenOn, connectTo, ipv6Only, seenAs, target } of meetings) {
    test(`${name}: both ends know each other and bytes come back`, () =>
      onLoop(engine, async (rig, loop) => {
        let accepted: Socket | undefined
        const onRead = (socket: Socket, ...bytes: [Parameters<Socket['write']>[0], number, number]) => {
          assert.is(socket.write(...bytes), bytes[2])
        }
        const listener = await rig.listen(
          socket => {
            accepted = socket
            return { onRead }
          },
          { host: listenOn, ipv6Only }
        )
        assert.ok(listener.port > 0)
        assert.is(listener.host, listenOn)
        const client = rig.connect(
          listener.port,
          {
            onConnect: () => send(client, 'hello'),
            onRead: () => {
              if (client.text !== 'hello') return
              assert.is(client.socket.remoteAddress, `${target}:${listener.port}`)
              assert.is(accepted?.remoteAddress, `${seenAs}:${client.socket.localPort}`)
              assert.is(accepted?.localPort, listener.port)
              loop.stop()
            },
          },
          { host: connectTo }
        )
      }))
  }

  test('the addresses are still known when the connection has been reset', () =>
    onLoop(engine, async (rig, loop) => {
      let addresses = ''
      const onClose = (socket: Socket) => {
        assert.is(`${socket.remoteAddress} ${socket.localPort}`, addresses)
        loop.stop()
      }
      await rig.pair({ server: { onClose } }, (client, server) => {
        addresses = `127.0.0.1:${client.socket.localPort} ${server.socket.localPort}`
        client.socket.abort()
      })
    }))

  test('an IPv6 listener refuses IPv4 unless told otherwise', () =>
    onLoop(engine, async (rig, loop) => {
      const listener = await rig.listen(() => ({}), { host: '::' })
      const onClose = (_: Socket, error: SystemError | undefined) => {
        assert.is(error?.code, 'ECONNREFUSED')
        loop.stop()
      }
      rig.connect(listener.port, { onClose })
    }))

  test('refused: onClose says so, and nothing else is called', () =>
    onLoop(engine, async rig => {
      const port = freePort()
      const client = rig.connect(port, {
        onClose: (_, error) => {
          assert.is(error?.syscall, 'connect')
          assert.is(error?.code, 'ECONNREFUSED')
          assert.is(error?.subject, `127.0.0.1:${port}`)
          assert.equal(client.events, ['close'])
          rig.stopIn(20)
        },
      })
      assert.is(client.closes, 0, 'onClose inside connect')
    }))

  test('a network that cannot be reached: onClose says so, and not before connect has returned', () =>
    onLoop(engine, (rig, loop) => {
      // TCP does not broadcast.
      const host = '255.255.255.255'
      const onClose = (_: Socket, error: SystemError | undefined) => {
        assert.is(error?.syscall, 'connect')
        assert.is(error?.code, 'ENETUNREACH')
        loop.stop()
      }
      const client = rig.connect(9, { onClose }, { host, timeout: 1000 })
      assert.is(client.closes, 0, 'onClose inside connect')
    }))

  test('gives up after its timeout, and not before', () =>
    withBlockedDoor(({ port }) =>
      onLoop(engine, (rig, loop) => {
        const started = performance.now()
        const client = rig.connect(
          port,
          {
            onClose: (_, error) => {
              assert.is(error?.syscall, 'connect')
              assert.is(error?.code, 'ETIMEDOUT')
              assert.is(error?.subject, `127.0.0.1:${port}`)
              assert.ok(performance.now() - started >= 100)
              assert.equal(client.events, ['close'])
              loop.stop()
            },
          },
          { timeout: 100 }
        )
      })
    ))

  test('the timeout does not touch a connection that stands', () =>
    onLoop(engine, async rig => {
      const client = { onClose: (_: Socket, error: SystemError | undefined) => assert.is(error, undefined) }
      await rig.pair({ client, connect: { timeout: 30 } }, () => rig.stopIn(80))
    }))

  for (const ending of ['close', 'abort'] as const) {
    test(`${ending} while connecting ends it without an error`, () =>
      withBlockedDoor(({ port }) =>
        onLoop(engine, (rig, loop) => {
          const client = rig.connect(
            port,
            {
              onClose: (_, error) => {
                assert.is(error, undefined)
                assert.equal(client.events, ['close'])
                loop.stop()
              },
            },
            { timeout: 50 }
          )
          loop.timer(10, () => client.socket[ending]())
        })
      ))
  }

  test('what is written or shut down while connecting waits for the connection', () =>
    onLoop(engine, async (rig, loop) => {
      const listener = await rig.listen(() => ({
        onEnd: socket => {
          assert.is(client.events.includes('connect'), true)
          socket.close()
        },
      }))
      const client = rig.connect(listener.port, {
        onEnd: socket => {
          socket.close()
          loop.stop()
        },
      })
      client.socket.shutdown()
      assert.is(client.socket.write(blockOf('late'), 0, 4), 0)
    }))

  test('shut down while it waits in a queue, it connects all the same, and then ends', () =>
    withBlockedDoor(door =>
      onLoop(engine, async (rig, loop) => {
        const client = rig.connect(door.port)
        const entered: number[] = []
        const look = () => {
          entered.push(...door.letIn())
          if (!client.connected || entered.length === 0) loop.timer(20, look)
          else if (door.receive(entered.at(-1) as number) === 0) loop.stop()
          else loop.timer(20, look)
        }
        loop.timer(50, () => {
          assert.not(client.connected, 'the queue was not full')
          client.socket.shutdown()
          look()
        })
      })
    ))

  test('a write that came before the connection is refused, and its owner told when it makes sense', () =>
    onLoop(engine, async (rig, loop) => {
      const listener = await rig.listen(() => ({ onRead: () => loop.stop() }))
      const client = rig.connect(listener.port, {
        onConnect: () => {},
        onWritable: () => {
          assert.equal(client.events, ['connect', 'writable'])
          send(client, 'now')
        },
      })
      assert.is(client.socket.write(blockOf('too soon'), 0, 8), 0)
    }))

  test('connects from the local address that it is given', () =>
    onLoop(engine, async (rig, loop) => {
      const listener = await rig.listen(socket => {
        assert.match(socket.remoteAddress, /^127\.0\.0\.9:\d+$/)
        loop.stop()
        return {}
      })
      rig.connect(listener.port, {}, { localAddress: '127.0.0.9' })
    }))

  test('a local address that is not this machine’s is refused', () =>
    onLoop(engine, async (rig, loop) => {
      const check = (error: SystemError | undefined) => {
        assert.is(error?.code, 'EADDRNOTAVAIL')
        loop.stop()
      }
      const { port } = await rig.listen()
      const handler = {
        onRead() {},
        onWritable() {},
        onEnd() {},
        onClose: (_: Socket, e: SystemError | undefined) => check(e),
      }
      try {
        loop.connect({ host: '127.0.0.1', port, localAddress: '192.0.2.1' }, handler)
      } catch (error) {
        check(error as SystemError)
      }
    }))
})
