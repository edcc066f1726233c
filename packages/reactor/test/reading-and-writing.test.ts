import * as assert from 'uvu/assert'
import type { Block, Socket } from '../src/index.js'
import { MSG_NOSIGNAL } from '../src/linux/constants.js'
import { close, send as sendDirectly } from '../src/linux/libc.js'
import { mapScratch } from '../src/linux/mapped-memory.js'
import { openConnecting } from '../src/linux/open-socket.js'
import type { Endpoint } from './endpoint.js'
import { PatternChecker, PatternSender } from './pattern.js'
import { blockOf, describeMatrix, onLoop, send } from './rig.js'

const MSG_OOB = 1
const megabyte = 1024 * 1024
/** As small as the kernel lets a buffer be: it doubles the one and gives at least 4.5 KiB for the other (socket(7)). */
const tiny = { sendBuffer: 2048, receiveBuffer: 2048 }

describeMatrix('reading and writing', (test, engine) => {
  test('through tiny buffers everything arrives in order at a receiver that pauses', () =>
    onLoop(engine, async (rig, loop) => {
      const total = 600_000
      const checker = new PatternChecker()
      const sender = new PatternSender(loop.arena, total, socket => socket.shutdown())
      let refusals = 0
      const pump = (socket: Socket) => {
        sender.pump(socket)
        if (sender.sent < total) refusals++
      }
      const server = {
        onRead: (socket: Socket, block: Block, start: number, length: number) => {
          checker.check(block, start, length)
          // Reading in fits and starts makes the window close again and again.
          if (checker.checked % 7 > 2) return
          socket.demand(0)
          loop.timer(1, () => socket.demand(1 + (checker.checked % 3000)))
        },
        onEnd: () => loop.stop(),
      }
      await rig.pair({ client: { onWritable: pump }, server, listen: tiny, connect: tiny }, client => {
        pump(client.socket)
      })
      return () => {
        assert.is(checker.checked, total)
        assert.ok(refusals > 0, 'no write was ever refused')
      }
    }))

  test('both ends echo megabytes through each other although neither always takes what it is offered', () =>
    onLoop(engine, async (rig, loop) => {
      const total = megabyte
      const checker = new PatternChecker()
      const sender = new PatternSender(loop.arena, total)
      // What the server could not write back yet; as long as there is any, it does not read.
      let rest: { block: Block; start: number; length: number } | undefined
      const writeBack = (socket: Socket, block: Block, start: number, length: number) => {
        const accepted = socket.write(block, start, length)
        rest = accepted < length ? { block, start: start + accepted, length: length - accepted } : undefined
        socket.demand(rest === undefined ? Number.POSITIVE_INFINITY : 0)
        return rest !== undefined
      }
      let waits = 0
      const server = {
        onRead: (socket: Socket, block: Block, start: number, length: number) => {
          if (!writeBack(socket, block, start, length)) return
          block.keep()
          waits++
        },
        onWritable: (socket: Socket) => {
          if (rest === undefined) return
          const { block, start, length } = rest
          if (!writeBack(socket, block, start, length)) block.release()
        },
      }
      const client = {
        onWritable: (socket: Socket) => sender.pump(socket),
        onRead: (_: Socket, block: Block, start: number, length: number) => {
          checker.check(block, start, length)
          if (checker.checked < total) return
          assert.ok(waits > 0, 'the server was never refused')
          loop.stop()
        },
      }
      await rig.pair({ client, server, listen: { sendBuffer: 8192 } }, ({ socket }) => sender.pump(socket))
    }))

  test('a refused writer costs nothing while it waits', () =>
    onLoop(engine, async (rig, loop) => {
      const block = blockOf('in small pieces')
      const onWritable = (socket: Socket) => {
        while (socket.write(block, 0, block.size) > 0);
      }
      await rig.pair({ client: { onWritable }, connect: tiny }, ({ socket }, server) => {
        server.socket.demand(0)
        onWritable(socket)
        // Until the buffers of both kernels are full, it is busy.
        const lookAgain = (turnsBefore: number) => {
          if (loop.turns - turnsBefore < 10) loop.stop()
          else waitAndLook()
        }
        const waitAndLook = () => {
          const { turns } = loop
          loop.timer(50, () => lookAgain(turns))
        }
        waitAndLook()
      })
    }))

  test('a write of more than an engine takes at once goes on when it is told to', () =>
    onLoop(engine, async (rig, loop) => {
      const block = blockOf(new Uint8Array(megabyte))
      let sent = 0
      const onWritable = (socket: Socket) => {
        sent += socket.write(block, sent, block.size - sent)
      }
      const onRead = () => {
        if (server.receivedBytes === block.size) loop.stop()
      }
      let server: Endpoint
      await rig.pair({ client: { onWritable }, server: { onRead } }, ({ socket }, end) => {
        server = end
        onWritable(socket)
      })
    }))

  // On `epoll` nothing is ever pending.
  if (engine !== 'epoll') {
    test('a writer is told whenever pending bytes have gone, not only of the last', () =>
      onLoop(engine, async (rig, loop) => {
        const block = blockOf(new Uint8Array(16 * 1024))
        const told: number[] = []
        const client = { onWritable: (socket: Socket) => told.push(socket.pendingBytes) }
        const onRead = (socket: Socket) => socket.demand(server.receivedBytes < 20_000 ? 10_000 : 0)
        let server: Endpoint
        await rig.pair({ client, server: { onRead }, connect: tiny, listen: tiny }, ({ socket }, end) => {
          server = end
          server.socket.demand(0)
          for (let count = 0; count < 8; count++) assert.is(socket.write(block, 0, block.size), block.size)
          loop.timer(50, () => {
            assert.is(told.at(-1), socket.pendingBytes, 'not told of what the kernel has taken at first')
            server.socket.demand(10_000)
          })
          loop.timer(150, () => {
            assert.is(told.at(-1), socket.pendingBytes, 'not told of what has gone since')
            // `node` hears only of the whole of what it gave the kernel in one call.
            if (engine === 'uring') assert.ok(told.length > 2)
            loop.stop()
          })
        })
      }))
  }

  test('a message that comes byte by byte is delivered byte by byte', () =>
    onLoop(engine, async (rig, loop) => {
      const message = 'one byte at a time'
      let reads = 0
      const onRead = () => {
        reads++
        if (client.receivedBytes === message.length) loop.stop()
        else client.socket.demand(1)
      }
      let client: Endpoint
      await rig.pair({ client: { onRead } }, (end, server) => {
        client = end
        let sent = 0
        const next = () => {
          send(server, message.charAt(sent++))
          if (sent < message.length) loop.timer(1, next)
        }
        next()
      })
      return () => {
        assert.is(client.text, message)
        assert.ok(reads > 5)
      }
    }))

  test('the bytes behind urgent ones are delivered too', () =>
    onLoop(engine, async (rig, loop) => {
      const bytes = mapScratch(16)
      Buffer.from(bytes.view.buffer).write('before!behind')
      const listener = await rig.listen(() => ({ onRead }))
      const { fd } = openConnecting({ host: '127.0.0.1', port: listener.port })
      let received = ''
      const onRead = (_: Socket, block: Block, start: number, length: number) => {
        received += Buffer.from(block.memory).toString('latin1', start, start + length)
        if (received !== 'beforebehind') return
        close(fd)
        loop.stop()
      }
      // In one go, so that all of it is there when the engine reads first. The urgent byte itself is left out (tcp(7)).
      sendDirectly(fd, bytes.address, 7, MSG_NOSIGNAL | MSG_OOB)
      sendDirectly(fd, bytes.address + 7, 6, MSG_NOSIGNAL)
    }))

  test('an empty write is accepted and changes nothing', () =>
    onLoop(engine, async (rig, loop) => {
      const onRead = (_: Socket, __: Block, ___: number, length: number) => {
        assert.is(length, 4)
        loop.stop()
      }
      await rig.pair({ server: { onRead } }, client => {
        assert.is(client.socket.write(blockOf('none'), 0, 0), 0)
        send(client, 'some')
      })
    }))

  test('blocks that are kept across turns stay as they are, and come back when they are released', () =>
    onLoop(engine, async (rig, loop) => {
      const kept: { block: Block; start: number; length: number }[] = []
      const rounds = 40
      const onRead = (_: Socket, block: Block, start: number, length: number) => {
        kept.push({ block: block.keep(), start, length })
        if (kept.length < rounds) send(client, `message ${kept.length}`)
        else loop.timer(10, check)
      }
      const check = () => {
        kept.forEach(({ block, start, length }, index) => {
          assert.is(Buffer.from(block.memory).toString('latin1', start, start + length), `message ${index}`)
          block.release()
        })
        // On uring, messages share a block that the kernel goes on to fill.
        if (engine !== 'uring') for (const { block } of kept) assert.is(block.leases, 0)
        loop.stop()
      }
      let client: Endpoint
      await rig.pair({ server: { onRead } }, end => {
        client = end
        send(client, 'message 0')
      })
    }))

  test('blocks that were written are given back once the bytes are gone, and hold them until then', () =>
    onLoop(engine, async (rig, loop) => {
      const total = 20 * megabyte
      const checker = new PatternChecker()
      const sender = new PatternSender(loop.arena, total)
      const onWritable = (socket: Socket) => sender.pump(socket)
      const onRead = (_: Socket, block: Block, start: number, length: number) => {
        checker.check(block, start, length)
        if (checker.checked < total) return
        sender.release()
        loop.timer(10, () => {
          assert.is(loop.arena.leasedBytes, 0)
          loop.stop()
        })
      }
      await rig.pair({ client: { onWritable }, server: { onRead } }, ({ socket }) => sender.pump(socket))
    }))

  test('when nothing is pending any more, the owner is told, also if all was accepted', () =>
    onLoop(engine, async (rig, loop) => {
      const onWritable = (socket: Socket) => {
        assert.is(socket.pendingBytes, 0)
        loop.stop()
      }
      await rig.pair({ client: { onWritable } }, ({ socket }, server) => {
        server.socket.demand(0)
        const block = blockOf(new Uint8Array(10_000))
        while (socket.write(block, 0, block.size) === block.size && socket.pendingBytes === 0);
        server.socket.demand(Number.POSITIVE_INFINITY)
      })
    }))

  test('what is pending is counted until the kernel has it, and what is lost stays counted', () =>
    onLoop(engine, async (rig, loop) => {
      let accepted = 0
      const fill = (socket: Socket) => {
        const block = loop.arena.lease()
        for (let taken = -1; taken !== 0; accepted += taken) taken = socket.write(block, 0, block.size)
        block.release()
      }
      const onClose = (socket: Socket) => {
        if (engine === 'epoll') assert.is(socket.pendingBytes, 0)
        else assert.ok(socket.pendingBytes > 0)
        assert.ok(accepted > 0)
        loop.stop()
      }
      await rig.pair({ client: { onClose, onWritable: fill } }, (client, server) => {
        server.socket.demand(0)
        fill(client.socket)
        loop.timer(50, () => {
          // Nothing more goes out, so a second look sees the same.
          const pending = client.socket.pendingBytes
          loop.timer(20, () => {
            assert.is(client.socket.pendingBytes, pending)
            client.socket.abort()
          })
        })
      })
    }))
})
