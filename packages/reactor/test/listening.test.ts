import { readdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { createLoop, type Listener, type SystemError } from '../src/index.js'
import { MSG_NOSIGNAL } from '../src/linux/constants.js'
import { close, send } from '../src/linux/libc.js'
import { mapScratch } from '../src/linux/mapped-memory.js'
import { openConnecting } from '../src/linux/open-socket.js'
import { localPortOf } from '../src/linux/socket-address.js'
import { withChild } from './child.js'
import { describeMatrix, onLoop, Rig } from './rig.js'

const oneByte = mapScratch(1).address

/** How many of `count` connections are established before anybody can have accepted one. */
function countEstablished(port: number, count: number): number {
  const host = '127.0.0.1'
  const fds = Array.from({ length: count }, () => openConnecting({ host, port }).fd)
  // While a connection is being made, sending to it says EAGAIN.
  const established = fds.filter(fd => send(fd, oneByte, 1, MSG_NOSIGNAL) === 1).length
  for (const fd of fds) close(fd)
  return established
}

/** The descriptor of this process that has a local port. */
function descriptorOf(port: number): number {
  const fd = readdirSync('/proc/self/fd')
    .map(Number)
    .find(fd => localPortOf(fd) === port)
  assert.not.type(fd, 'undefined')
  return fd as number
}

describeMatrix('listening', (test, engine) => {
  test('a port that is taken is refused, and named', () =>
    onLoop(engine, async (rig, loop) => {
      const { port } = await rig.listen()
      const error: SystemError = await rig.listen(undefined, { port }).catch(error => error)
      assert.is(error.name, 'SystemError')
      assert.is(error.code, 'EADDRINUSE')
      assert.is(error.subject, `127.0.0.1:${port}`)
      assert.match(error.message, `127.0.0.1:${port}: address already in use (EADDRINUSE)`)
      loop.stop()
    }))

  test('SO_REUSEPORT lets two listen, and both are served', () =>
    onLoop(engine, async (rig, loop) => {
      const served = new Set<number>()
      const listenAs = (number: number, port: number) =>
        rig.listen(
          () => {
            served.add(number)
            if (served.size === 2) loop.stop()
            return {}
          },
          { port, reusePort: true }
        )
      const { port } = await listenAs(1, 0)
      assert.is((await listenAs(2, port)).port, port)
      // The kernel spreads by a hash of the addresses: it is as good as certain that 64 are not all on one side.
      for (let count = 0; count < 64; count++) rig.connect(port)
    }))

  test('takes a port over from connections in TIME_WAIT, unless told not to reuse addresses', async () => {
    let port = 0
    await onLoop(engine, async (rig, loop) => {
      // Who closes first keeps the port in TIME_WAIT.
      const listener = await rig.listen(socket => {
        socket.shutdown()
        return { onEnd: () => loop.stop() }
      })
      port = listener.port
      rig.connect(port, { onEnd: socket => socket.close() })
    })
    await onLoop(engine, async (rig, loop) => {
      const refused = await rig.listen(undefined, { port, reuseAddress: false }).catch(error => error)
      assert.is(refused.code, 'EADDRINUSE')
      assert.is((await rig.listen(undefined, { port })).port, port)
      loop.stop()
    })
  })

  test('the backlog bounds how many may wait', () =>
    onLoop(engine, async (rig, loop) => {
      const { port } = await rig.listen(undefined, { backlog: 3 })
      // Linux takes one more than the backlog says.
      assert.is(countEstablished(port, 10), 4)
      loop.stop()
    }))

  test('thousands may wait by default', () =>
    onLoop(engine, async (rig, loop) => {
      const { port } = await rig.listen()
      assert.is(countEstablished(port, 1000), 1000)
      loop.stop()
    }))

  test('paused, it hands out no connection; resumed, it hands out all that waited', () =>
    onLoop(engine, async (rig, loop) => {
      // More than are accepted in one turn.
      const count = 200
      let handedOut = 0
      let paused = true
      const listener = await rig.listen(() => {
        assert.not(paused, 'a connection while paused')
        if (++handedOut === count) loop.stop()
        return {}
      })
      listener.pause()
      for (let each = 0; each < count; each++) rig.connect(listener.port)
      loop.timer(50, () => {
        paused = false
        listener.resume()
      })
    }))

  test('paused inside onConnection, it hands out no more in that turn', () =>
    onLoop(engine, async (rig, loop) => {
      let handedOut = 0
      const listener = await rig.listen(() => {
        handedOut++
        listener.pause()
        return {}
      })
      for (let count = 0; count < 5; count++) rig.connect(listener.port)
      loop.timer(50, () => {
        assert.is(handedOut, 1)
        listener.resume()
        loop.timer(50, () => {
          assert.is(handedOut, 2)
          loop.stop()
        })
      })
    }))

  test('closed, it refuses further connections and leaves those that it handed out alone', () =>
    onLoop(engine, async (rig, loop) => {
      const onRead = () => loop.stop()
      const listener = await rig.listen(() => {
        listener.close()
        listener.close()
        return { onRead }
      })
      const { port } = listener
      const first = rig.connect(port, {
        onConnect: () => {
          loop.timer(20, () => rig.connect(port, { onClose: (_, error) => refused(error) }))
        },
      })
      const refused = (error: SystemError | undefined) => {
        assert.is(error?.code, 'ECONNREFUSED')
        first.socket.write(loop.arena.lease(), 0, 1)
      }
    }))

  test('closed while it is paused, it ends those that waited', () =>
    onLoop(engine, async (rig, loop) => {
      const listener = await rig.listen(() => {
        throw new Error('a connection of a closed listener')
      })
      listener.pause()
      const client = rig.connect(listener.port, { onEnd: () => loop.stop(), onClose: () => loop.stop() })
      loop.timer(30, () => {
        assert.equal(client.events, ['connect'])
        listener.close()
      })
    }))

  test('closed, its port is free at once', async () => {
    let again: Promise<Listener> | undefined
    await onLoop(engine, async (rig, loop) => {
      const listener = await rig.listen()
      loop.timer(20, () => {
        listener.close()
        again = rig.listen(undefined, { port: listener.port })
        again.catch(() => {})
        rig.stopIn(20)
      })
    })
    await again
  })

  test('closed, it neither ends nor watches the same socket in a process that has inherited it', async () => {
    const loop = await createLoop(engine)
    const rig = new Rig(loop)
    const listener = await rig.listen()
    const accepted: string[] = []
    let turns = 0
    const knock = () => {
      const client = rig.connect(listener.port, {
        onEnd: () => {
          accepted.push(client.text)
          if (accepted.length === 5) knockUnseen(20)
          else knock()
        },
      })
    }
    // Nothing of these connections concerns the loop any more, once the listener is closed.
    const knockUnseen = (left: number) => {
      if (left === 20) turns = loop.turns
      const { fd } = openConnecting({ host: '127.0.0.1', port: listener.port })
      loop.timer(3, () => {
        close(fd)
        if (left > 1) knockUnseen(left - 1)
        else loop.stop()
      })
    }
    const run = async () => {
      loop.timer(20, () => {
        listener.close()
        knock()
      })
      rig.limit()
      await loop.run()
    }
    await withChild('inheriting-acceptor', [], child => child.line('ready').then(run), {
      inherited: descriptorOf(listener.port),
    })
    assert.equal(accepted, Array(5).fill('accepted by the heir'))
    assert.ok(loop.turns - turns < 30, `${loop.turns - turns} turns for what does not concern the loop`)
    rig.checkAllClosed()
  })
})
