import { MessageChannel } from 'node:worker_threads'
import * as assert from 'uvu/assert'
import { createLoop, type Loop, type Socket, type SystemError } from '../src/index.js'
import { MSG_NOSIGNAL, SHUT_WR } from '../src/linux/constants.js'
import { close, send as sendDirectly, shutdown } from '../src/linux/libc.js'
import { mapScratch } from '../src/linux/mapped-memory.js'
import { openConnecting } from '../src/linux/open-socket.js'
import { openWaker } from '../src/waker.js'
import { type Door, withBlockedDoor, withDoor } from './door.js'
import type { Endpoint, Hooks } from './endpoint.js'
import { blockOf, describeMatrix, onLoop, send } from './rig.js'

const oneByte = mapScratch(1).address

/** Fills a connection until it refuses, so that its owner waits for `onWritable`. */
function fill(socket: Socket): void {
  const block = blockOf(new Uint8Array(65_536))
  while (socket.write(block, 0, block.size) > 0);
}

/** Sends the one who waits at the door something, before the loop's next turn where connecting is done by then. */
function greet(loop: Loop, door: Door, text: string, andEnd = false): void {
  const entered = door.letIn()
  for (const fd of entered) {
    door.send(fd, text)
    if (andEnd) shutdown(fd, SHUT_WR)
  }
  if (entered.length === 0) loop.timer(1, () => greet(loop, door, text, andEnd))
}

function withTwoDoors(use: (one: Door, other: Door) => Promise<void>): Promise<void> {
  return withDoor(one => withDoor(other => use(one, other)))
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
    const { port1, port2 } = new MessageChannel()
    try {
      // There the newcomer stays connecting unless somebody else's event reaches it.
      await withBlockedDoor(door =>
        onLoop(
          engine,
          async (rig, loop) => {
            let newcomer: Endpoint | undefined
            let old: Endpoint
            loop.receive(port1, () => {
              old.socket.close()
              newcomer = rig.connect(door.port)
              rig.stopIn(30)
            })
            await rig.pair({}, (client, server) => {
              old = server
              // Later, when there is no other event of the old one to come: mail has to be the first of the turn.
              loop.timer(10, () => {
                port2.postMessage('close it')
                waker.wake()
                send(client, 'for the old one')
              })
            })
            return () => assert.equal(newcomer?.events, ['close'])
          },
          { wakeToken: waker.token }
        )
      )
    } finally {
      port1.close()
      waker.close()
    }
  })

  for (const where of ['onConnect', 'onRead', 'onWritable', 'onEnd'] as const) {
    test(`bytes for a newcomer do not go to the one that made room for it inside ${where}`, () =>
      withTwoDoors((oldDoor, door) =>
        onLoop(engine, (rig, loop) => {
          const makeRoom = (socket: Socket) => {
            socket.close()
            const newcomer = rig.connect(door.port, {
              onRead: () => {
                assert.is(newcomer.text, 'for the newcomer')
                loop.stop()
              },
            })
            assert.is.not(socket.localPort, newcomer.socket.localPort)
            greet(loop, door, 'for the newcomer')
          }
          const old = rig.connect(oldDoor.port, { [where]: makeRoom })
          // Connected, writable, readable and ended: as much as possible is to be told at once.
          old.socket.write(blockOf('too soon'), 0, 8)
          greet(loop, oldDoor, 'for the old one', true)
        })
      ))
  }

  test('bytes for a newcomer do not go to one that an earlier callback closed', () =>
    withDoor(door =>
      onLoop(engine, async (rig, loop) => {
        const clients: Endpoint[] = []
        const servers: Endpoint[] = []
        const onRead = (socket: Socket) => {
          for (const other of servers) if (other.socket !== socket) other.socket.close()
          const newcomer = rig.connect(door.port, {
            onRead: () => {
              assert.is(newcomer.text, 'for the newcomer')
              loop.stop()
            },
          })
          greet(loop, door, 'for the newcomer')
        }
        const begin = (client: Endpoint, server: Endpoint) => {
          clients.push(client)
          servers.push(server)
          if (servers.length < 2) return
          for (const each of clients) send(each, 'all in one turn')
        }
        for (let count = 0; count < 2; count++) await rig.pair({ server: { onRead } }, begin)
      })
    ))

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
      let accepted = 0
      const listener = await loop.listen({ host: '127.0.0.1', port: 0 }, () => {
        accepted++
        return withClose(server)
      })
      const { port } = listener
      const bystander = { onConnect: (socket: Socket) => socket.demand(0) }
      for (const hooks of [bystander, client, bystander]) ends.push(withClose(hooks))
      const sockets = ends.map(handler => loop.connect({ host: '127.0.0.1', port }, handler as never))
      const begin = () => {
        if (accepted < sockets.length) {
          loop.timer(1, begin)
          return
        }
        fill(sockets[1] as Socket)
        // The one that throws at its end is told of it before another.
        if (where === 'onClose') for (const socket of sockets) socket.close()
        else if (where !== 'onWritable') sockets[1]?.shutdown()
      }
      loop.timer(20, begin)
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
    assert.is(sendDirectly(peer, oneByte, 1, MSG_NOSIGNAL), 1)
    // Now the kernel has answered that there is nobody any more.
    assert.is(sendDirectly(peer, oneByte, 1, MSG_NOSIGNAL), -1, 'the connection was left open')
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
