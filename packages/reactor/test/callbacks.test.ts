import { MessageChannel } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import { createLoop, type Socket, type SystemError } from '../src/index.js'
import { close } from '../src/linux/libc.js'
import { openConnecting, openListening } from '../src/linux/open-socket.js'
import { localPortOf } from '../src/linux/socket-address.js'
import { openWaker } from '../src/waker.js'
import type { Endpoint, Hooks } from './endpoint.js'
import { blockOf, describeMatrix, onLoop, send } from './rig.js'

/** Fills a connection until it refuses, so that its owner waits for `onWritable`. */
function fill(socket: Socket): void {
  const block = blockOf(new Uint8Array(65_536))
  while (socket.write(block, 0, block.size) > 0);
}

describeMatrix('callbacks', (test, engine) => {
  // That an endpoint hears of nothing after it has closed, and of onClose once, is checked by the endpoint itself.
  for (const where of ['onConnect', 'onRead', 'onWritable', 'onEnd'] as const) {
    for (const how of ['close', 'abort'] as const) {
      test(`a handler that calls ${how} inside ${where} hears only of its end`, () =>
        onLoop(engine, async (rig, loop) => {
          const listener = await rig.listen(socket => {
            const block = blockOf('hello')
            socket.write(block, 0, block.size)
            if (where !== 'onWritable') socket.shutdown()
            return { onRead() {} }
          })
          const hooks: Hooks = {
            onConnect: socket => {
              if (where === 'onWritable') fill(socket)
            },
            onClose: (_, error) => {
              assert.is(error, undefined)
              rig.stopIn(20)
            },
          }
          const inner = hooks[where]
          const endIt = (socket: Socket) => {
            inner?.call(hooks, socket, blockOf(''), 0, 0)
            socket[how]()
            assert.is(client.closes, 0, `onClose inside ${how}`)
          }
          const client = rig.connect(listener.port, { ...hooks, [where]: endIt })
          void loop
        }))
    }
  }

  for (const how of ['close', 'abort'] as const) {
    test(`${how} inside onConnection: only onClose is called`, () =>
      onLoop(engine, async rig => {
        let endpoint: Endpoint | undefined
        const listener = await rig.loop.listen({ host: '127.0.0.1', port: 0 }, socket => {
          socket[how]()
          endpoint = rig.endpoint({ onClose: () => rig.stopIn(20) }).adopt(socket)
          return endpoint
        })
        rig.connect(listener.port, { onConnect: () => {} })
        return () => assert.equal(endpoint?.events, ['close'])
      }))
  }

  test('a connection that an earlier callback of the same turn closed hears only of its end', () =>
    onLoop(engine, async rig => {
      const servers: Endpoint[] = []
      let reads = 0
      const onRead = (socket: Socket) => {
        reads++
        for (const other of servers) if (other.socket !== socket) other.socket.close()
      }
      const clients: Endpoint[] = []
      const both = { server: { onRead } }
      const begin = (client: Endpoint, server: Endpoint) => {
        clients.push(client)
        servers.push(server)
        if (servers.length < 3) return
        for (const each of clients) send(each, 'all in one turn')
        rig.stopIn(30)
      }
      for (let count = 0; count < 3; count++) await rig.pair(both, begin)
      return () => {
        assert.is(reads, 1)
        assert.is(servers.filter(({ events }) => events[0] === 'close').length, 2)
      }
    }))

  test('an event for a connection that is gone does not reach the one that got its descriptor', async () => {
    const waker = await openWaker(engine)
    const host = '127.0.0.1'
    // Nobody accepts there, and the queue is full: the newcomer stays connecting unless somebody else's event reaches it.
    const door = openListening({ host, port: 0, backlog: 0 })
    const port = localPortOf(door)
    const filling = [1, 2, 3].map(() => openConnecting({ host, port }).fd)
    const { port1, port2 } = new MessageChannel()
    try {
      await onLoop(
        engine,
        async (rig, loop) => {
          let newcomer: Endpoint | undefined
          let old: Endpoint
          loop.receive(port1, () => {
            old.socket.close()
            newcomer = rig.connect(port)
            rig.stopIn(30)
          })
          await rig.pair({}, (client, server) => {
            old = server
            // Mail and bytes are there in the same turn, and mail comes first.
            port2.postMessage('close it')
            waker.wake()
            send(client, 'for the old one')
          })
          return () => assert.equal(newcomer?.events, ['close'])
        },
        { wakeToken: waker.token }
      )
    } finally {
      for (const fd of [...filling, door]) close(fd)
      port1.close()
      waker.close()
    }
  })

  test('what onConnection writes arrives', () =>
    onLoop(engine, async (rig, loop) => {
      const listener = await rig.listen(socket => {
        const block = blockOf('welcome')
        assert.is(socket.write(block, 0, block.size), block.size)
        return {}
      })
      const client = rig.connect(listener.port, {
        onRead: () => {
          if (client.text === 'welcome') loop.stop()
        },
      })
    }))

  const throwing: { where: string; hooks: (fail: () => never) => { client?: Hooks; server?: Hooks } }[] = [
    { where: 'onConnect', hooks: fail => ({ client: { onConnect: fail } }) },
    { where: 'onRead', hooks: fail => ({ server: { onRead: fail } }) },
    { where: 'onEnd', hooks: fail => ({ server: { onEnd: fail } }) },
    { where: 'onClose', hooks: fail => ({ client: { onClose: fail } }) },
    {
      where: 'onWritable',
      hooks: fail => ({ client: { onWritable: fail }, server: { onRead() {} } }),
    },
  ]
  for (const { where, hooks } of throwing) {
    test(`what ${where} throws ends the loop, and everything is closed`, async () => {
      const loop = await createLoop(engine)
      const fault = new Error(`thrown in ${where}`)
      const ends: Hooks[] = []
      let closes = 0
      const withClose = (hooks: Hooks) => ({
        onRead() {},
        onWritable() {},
        onEnd() {},
        ...hooks,
        onClose: (socket: Socket, error: SystemError | undefined) => {
          closes++
          hooks.onClose?.(socket, error)
        },
      })
      const fail = () => {
        throw fault
      }
      const { client = {}, server = {} } = hooks(fail)
      const listener = await loop.listen({ host: '127.0.0.1', port: 0 }, () => withClose(server))
      const { port } = listener
      const bystander = { onConnect: (socket: Socket) => socket.demand(0) }
      for (const hooks of [bystander, client, bystander]) ends.push(withClose(hooks))
      const sockets = ends.map(handler => loop.connect({ host: '127.0.0.1', port }, handler as never))
      loop.timer(20, () => {
        fill(sockets[1] as Socket)
        sockets[1]?.[where === 'onClose' ? 'close' : 'shutdown']()
      })
      if (where === 'onWritable') loop.timer(10, () => fill(sockets[1] as Socket))
      loop.timer(5000, () => assert.unreachable('nothing was thrown'))
      const thrown = await loop.run().then(
        () => undefined,
        error => error
      )
      assert.is(thrown, fault)
      assert.ok(sockets.every(({ closed }) => closed))
      // Each client, and as many ends of the server as had been accepted by then.
      assert.ok(closes >= (where === 'onConnect' ? 3 : 6), `${closes} were told of their end`)
      // Nobody listens any more.
      await onLoop(engine, async (rig, again) => {
        await rig.listen(undefined, { port })
        again.stop()
      })
    })
  }

  test('what onConnection throws ends the loop, and the connection', async () => {
    const fault = new Error('thrown in onConnection')
    const loop = await createLoop(engine)
    const listener = await loop.listen({ host: '127.0.0.1', port: 0 }, () => {
      throw fault
    })
    const peer = openConnecting({ host: '127.0.0.1', port: listener.port }).fd
    loop.timer(5000, () => assert.unreachable('nothing was thrown'))
    const thrown = await loop.run().catch(error => error)
    assert.is(thrown, fault)
    await onLoop(engine, async (rig, again) => {
      // A listener on the same port without SO_REUSEADDR shows that the connection is closed, not merely forgotten.
      await rig.listen(undefined, { port: listener.port })
      again.stop()
    })
    close(peer)
  })

  test('stop inside a callback ends the loop, and every owner hears of its end', () =>
    onLoop(engine, async (rig, loop) => {
      let stopped = false
      const stop = () => {
        loop.stop()
        stopped = true
      }
      await rig.pair({ server: { onRead: stop, onClose: (_, error) => assert.is(error, undefined) } }, client =>
        send(client, 'stop')
      )
      loop.timer(200, () => assert.not(stopped, 'a timer after stop'))
    }))

  test('a loop that is stopped before it runs ends at once', () =>
    onLoop(engine, async (rig, loop) => {
      const listener = await rig.listen()
      rig.connect(listener.port)
      loop.stop()
    }))

  test('a loop runs only once', async () => {
    const loop = await createLoop(engine)
    loop.stop()
    await loop.run()
    const error = await loop.run().catch(error => error)
    assert.match(error.message, 'a loop runs only once')
  })

  test('an owner that connects again when the loop ends is refused, and the loop ends', () =>
    onLoop(engine, async (rig, loop) => {
      const listener = await rig.listen()
      const errors: SystemError[] = []
      const connectAgain = () => {
        try {
          rig.connect(listener.port, { onClose: connectAgain })
        } catch (error) {
          errors.push(error as SystemError)
        }
      }
      rig.connect(listener.port, { onConnect: () => loop.stop(), onClose: connectAgain })
      return () => {
        assert.equal(
          errors.map(({ syscall, code }) => [syscall, code]),
          [['connect', 'ECANCELED']]
        )
      }
    }))
})
