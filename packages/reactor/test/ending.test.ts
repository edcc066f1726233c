import * as assert from 'uvu/assert'
import type { Block, Socket, SystemError } from '../src/index.js'
import type { Endpoint } from './endpoint.js'
import { PatternChecker, PatternSender } from './pattern.js'
import { blockOf, describeMatrix, onLoop, send } from './rig.js'

const megabyte = 1024 * 1024

/** Offers zeros until no more are accepted. */
function fill(socket: Socket): void {
  const block = blockOf(new Uint8Array(65_536))
  while (socket.write(block, 0, block.size) > 0);
}

/** Linux names a reset EPIPE where FIN came before it. */
function isReset(error: SystemError | undefined): boolean {
  return error?.code === 'ECONNRESET' || error?.code === 'EPIPE'
}

describeMatrix('ending', (test, engine) => {
  test('FIN comes after all bytes, and the other direction stays open', () =>
    onLoop(engine, async (rig, loop) => {
      const total = 5 * megabyte
      const checker = new PatternChecker()
      const sender = new PatternSender(loop.arena, total, socket => socket.shutdown())
      const answer = new PatternSender(loop.arena, total, socket => socket.shutdown())
      const answerChecker = new PatternChecker()
      const server = {
        onRead: (_: Socket, block: Block, start: number, length: number) => checker.check(block, start, length),
        onEnd: (socket: Socket) => {
          assert.is(checker.checked, total)
          answer.pump(socket)
        },
        onWritable: (socket: Socket) => answer.pump(socket),
      }
      const client = {
        onWritable: (socket: Socket) => sender.pump(socket),
        onRead: (_: Socket, block: Block, start: number, length: number) => answerChecker.check(block, start, length),
        onEnd: () => {
          assert.is(answerChecker.checked, total)
          loop.stop()
        },
      }
      await rig.pair({ client, server }, ({ socket }) => sender.pump(socket))
    }))

  test('the end is told once, also when the other direction is refused and becomes writable again and again', () =>
    onLoop(engine, async (rig, loop) => {
      const total = 3 * megabyte
      const checker = new PatternChecker()
      const answer = new PatternSender(loop.arena, total, socket => socket.shutdown())
      let refusals = 0
      const pump = (socket: Socket) => {
        answer.pump(socket)
        if (answer.sent < total) refusals++
      }
      // The endpoint itself checks that onEnd comes once.
      const server = { onEnd: pump, onWritable: pump }
      const client = {
        onRead: (socket: Socket, block: Block, start: number, length: number) => {
          checker.check(block, start, length)
          socket.demand(0)
          loop.timer(1, () => socket.demand(200_000))
        },
        onEnd: () => {
          assert.is(checker.checked, total)
          assert.ok(refusals > 0)
          loop.stop()
        },
      }
      await rig.pair({ client, server, listen: { sendBuffer: 65_536 } }, ({ socket }) => socket.shutdown())
    }))

  test('after shutdown nothing is accepted, and nobody is told of room', () =>
    onLoop(engine, async rig => {
      await rig.pair({}, (client, server) => {
        server.socket.demand(0)
        fill(client.socket)
        client.socket.shutdown()
        client.socket.shutdown()
        assert.is(client.socket.write(blockOf('too late'), 0, 8), 0)
        server.socket.demand(Number.POSITIVE_INFINITY)
        const look = () => {
          if (!server.events.includes('end')) {
            rig.loop.timer(10, look)
            return
          }
          assert.equal(client.events, ['connect'])
          assert.equal(server.events, ['read', 'end'])
          rig.loop.stop()
        }
        rig.loop.timer(50, look)
      })
    }))

  test('after shutdown nothing is accepted where there would be room either, and that is no error', () =>
    onLoop(engine, async rig => {
      await rig.pair({}, client => {
        client.socket.shutdown()
        assert.is(client.socket.write(blockOf('too late'), 0, 8), 0)
        rig.loop.timer(20, () => {
          assert.is(client.socket.closed, false)
          rig.loop.stop()
        })
      })
    }))

  test('a connection that has ended both ways is its owner’s until close', () =>
    onLoop(engine, async rig => {
      await rig.pair({}, (client, server) => {
        send(client, 'bye')
        client.socket.shutdown()
        server.socket.shutdown()
        const look = () => {
          if (!client.events.includes('end') || !server.events.includes('end')) {
            rig.loop.timer(10, look)
            return
          }
          assert.equal(client.events, ['connect', 'end'])
          assert.equal(server.events, ['read', 'end'])
          client.socket.close()
          server.socket.abort()
          assert.is(client.closes + server.closes, 0, 'onClose inside close')
          rig.loop.timer(20, () => {
            assert.equal([client.closes, client.error, server.closes, server.error], [1, undefined, 1, undefined])
            rig.loop.stop()
          })
        }
        rig.loop.timer(30, look)
      })
    }))

  test('close delivers what was accepted', () =>
    onLoop(engine, async (rig, loop) => {
      const checker = new PatternChecker()
      let accepted = 0
      const server = {
        onRead: (_: Socket, block: Block, start: number, length: number) => checker.check(block, start, length),
        onEnd: () => {
          assert.ok(accepted > 100_000)
          assert.is(checker.checked, accepted)
          loop.stop()
        },
      }
      await rig.pair({ server }, (client, { socket }) => {
        socket.demand(0)
        const sender = new PatternSender(loop.arena, 100 * megabyte)
        sender.pump(client.socket)
        accepted = sender.sent
        client.socket.close()
        loop.timer(30, () => socket.demand(Number.POSITIVE_INFINITY))
      })
    }))

  test('what happens to bytes after close is not the owner’s concern any more', () =>
    onLoop(engine, async rig => {
      const onClose = (_: Socket, error: SystemError | undefined) => assert.is(error, undefined)
      await rig.pair({ client: { onClose } }, (client, server) => {
        server.socket.demand(0)
        fill(client.socket)
        client.socket.close()
        server.socket.shutdown()
        rig.loop.timer(20, () => server.socket.abort())
        rig.loop.timer(40, () => {
          assert.is(client.closes, 1)
          rig.loop.stop()
        })
      })
    }))

  test('close with bytes that nobody read resets the connection', () =>
    onLoop(engine, async (rig, loop) => {
      const onClose = (_: Socket, error: SystemError | undefined) => {
        assert.ok(isReset(error), error?.message)
        loop.stop()
      }
      await rig.pair({ client: { onClose } }, (client, server) => {
        server.socket.demand(0)
        fill(client.socket)
        loop.timer(20, () => server.socket.close())
      })
    }))

  for (const when of [
    'at once',
    'with bytes on their way',
    'after shutdown',
    'after shutdown with bytes on their way',
  ]) {
    test(`abort sends RST: ${when}`, () =>
      onLoop(engine, async rig => {
        await rig.pair(
          {
            client: { onClose: (_, error) => assert.is(error, undefined) },
            server: {
              onClose: (_, error) => {
                assert.ok(isReset(error), error?.message)
                rig.stopIn(20)
              },
            },
          },
          (client, server) => {
            if (when.includes('bytes')) {
              server.socket.demand(0)
              fill(client.socket)
            }
            if (when.includes('after')) client.socket.shutdown()
            const abort = () => {
              client.socket.abort()
              server.socket.demand(Number.POSITIVE_INFINITY)
            }
            if (when.includes('after')) abort()
            else rig.loop.timer(10, abort)
          }
        )
      }))
  }

  test('reset while sending: onClose once, with the call that failed, and nothing after it', () =>
    onLoop(engine, async rig => {
      const client = {
        onClose: (socket: Socket, error: SystemError | undefined) => {
          assert.is(error?.syscall, 'send')
          assert.is(error?.code, 'ECONNRESET')
          assert.is(socket.write(blockOf('more'), 0, 4), 0)
          rig.stopIn(30)
        },
      }
      await rig.pair({ client }, (client, server) => {
        server.socket.abort()
        const writeOn = () => {
          if (client.closes > 0) return
          client.socket.write(blockOf('is anybody there?'), 0, 17)
          rig.loop.timer(0, writeOn)
        }
        writeOn()
      })
    }))

  test('reset while blocked in the middle of a stream: onClose once, and nothing after it', () =>
    onLoop(engine, async (rig, loop) => {
      const sender = new PatternSender(loop.arena, 100 * megabyte)
      const client = {
        onWritable: (socket: Socket) => sender.pump(socket),
        onClose: (_: Socket, error: SystemError | undefined) => {
          assert.is(error?.code, 'ECONNRESET')
          rig.stopIn(30)
        },
      }
      await rig.pair({ client }, (client, server) => {
        server.socket.demand(0)
        sender.pump(client.socket)
        loop.timer(20, () => server.socket.abort())
      })
    }))

  // Where its own buffer is full, Node has taken the descriptor of a paused connection out of epoll: it learns of the
  // reset only when somebody reads or writes. The others are told of errors whatever they wait for.
  test(`reset while paused: ${engine !== 'node' ? 'noticed at once' : 'noticed when resumed'}`, () =>
    onLoop(engine, async (rig, loop) => {
      let resumed = false
      const server = {
        onClose: (_: Socket, error: SystemError | undefined) => {
          assert.is(error?.syscall, 'recv')
          assert.is(error?.code, 'ECONNRESET')
          assert.is(resumed, engine === 'node')
          loop.stop()
        },
      }
      await rig.pair({ server }, (client, server) => {
        server.socket.demand(0)
        fill(client.socket)
        loop.timer(20, () => client.socket.abort())
        loop.timer(60, () => {
          resumed = true
          server.socket.demand(Number.POSITIVE_INFINITY)
        })
      })
    }))

  test('reset after the peer’s end: the writing direction fails, although nothing is read any more', () =>
    onLoop(engine, async (rig, loop) => {
      const server = {
        onClose: (_: Socket, error: SystemError | undefined) => {
          assert.is(error?.syscall, 'send')
          assert.ok(isReset(error), error?.message)
          loop.stop()
        },
        onEnd: () => client.socket.abort(),
      }
      let client: Endpoint
      await rig.pair({ server }, (end, server) => {
        client = end
        client.socket.shutdown()
        // On node, only a write that is under way learns of it.
        if (engine === 'node') fill(server.socket)
        client.socket.demand(0)
      })
    }))

  test('everything is ignored on a closed socket', () =>
    onLoop(engine, async rig => {
      await rig.pair({}, (client, server) => {
        for (const { socket } of [client, server]) {
          socket.close()
          assert.is(socket.closed, true)
          assert.is(socket.write(blockOf('late'), 0, 4), 0)
          socket.demand(5)
          socket.shutdown()
          socket.abort()
          socket.close()
        }
        rig.loop.timer(30, () => {
          assert.equal([client.error, server.error], [undefined, undefined])
          rig.loop.stop()
        })
      })
    }))
})
