import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as assert from 'uvu/assert'
import type { Arena, Block, Socket } from '../src/index.js'
import { PatternChecker, PatternSender } from './pattern.js'
import { blockOf } from './rig.js'
import { onUring, uringSuite } from './uring-rig.js'

const test = uringSuite('memory that the kernel uses')

/** As small as the kernel lets a buffer be, so that sends stay in flight. */
const tiny = { sendBuffer: 2048, receiveBuffer: 2048 }

/** Leases what is to be had, more than one region of it, and spoils every byte. */
function spoil(arena: Arena): void {
  const blocks = Array.from({ length: 64 }, () => arena.lease())
  for (const block of blocks) block.memory.fill(0xff)
  for (const block of blocks) block.release()
}

for (const how of ['go on', 'close', 'abort'] as const) {
  const whatFollows = { 'go on': 'nothing', close: 'a close', abort: 'an abort' }[how]
  test(`bytes on their way out are not written over when their block is free otherwise; ${whatFollows} follows`, () =>
    onUring({}, async (rig, loop) => {
      const total = 150_000
      const sender = new PatternSender(loop.arena, total)
      const checker = new PatternChecker()
      const server = {
        onRead: (socket: Socket, block: Block, start: number, length: number) => {
          checker.check(block, start, length)
          spoil(loop.arena)
          socket.demand(8000)
          if (checker.checked === total) loop.stop()
        },
        onClose: () => loop.stop(),
      }
      await rig.pair({ server, connect: tiny, listen: tiny }, (client, server) => {
        server.socket.demand(0)
        sender.pump(client.socket)
        sender.release()
        spoil(loop.arena)
        loop.timer(20, () => {
          assert.ok(client.socket.pendingBytes > 0)
          if (how !== 'go on') client.socket[how]()
          spoil(loop.arena)
          // In the middle of the cancellation, too.
          loop.timer(0, () => spoil(loop.arena))
          server.socket.demand(8000)
        })
      })
      return () => {
        if (how === 'abort') assert.ok(checker.checked < total)
        else assert.is(checker.checked, total)
        assert.is(loop.arena.leasedBytes, 0)
      }
    }))
}

test('bytes in memory of the collector’s go out as they were, when nobody refers to it any more', () =>
  onUring({}, async (rig, loop) => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const messages = 20_000
    const expected = Array.from({ length: messages }, (_, number) => `message ${number};`).join('')
    let received = ''
    let sent = 0
    const onRead = (socket: Socket, block: Block, start: number, length: number) => {
      received += Buffer.from(block.memory).toString('latin1', start, start + length)
      socket.demand(8000)
      if (received.length === expected.length) loop.stop()
    }
    const pour = (socket: Socket) => {
      while (sent < messages) {
        const message = blockOf(`message ${sent};`)
        const taken = socket.write(message, 0, message.size)
        message.release()
        if (taken === 0) break
        sent++
      }
      collect()
    }
    await rig.pair(
      { client: { onWritable: pour }, server: { onRead }, connect: { sendBuffer: 65_536 } },
      ({ socket }, server) => {
        server.socket.demand(0)
        pour(socket)
        loop.timer(20, () => {
          collect()
          server.socket.demand(8000)
        })
      }
    )
    return () => assert.ok(received === expected)
  }))

for (const { kind, size, least } of [
  { kind: 'messages', size: 700, least: 20 },
  { kind: 'bulk', size: 60_000, least: 4 },
]) {
  test(`what was received (${kind}) stays as it is beside connections that are ended while they receive`, () =>
    onUring({ messageBuffers: 2 }, async (rig, loop) => {
      const pairs = 30
      const kept: { block: Block; start: number; copy: Buffer }[] = []
      let ended = 0
      const listener = await rig.listen(() => {
        const number = ended % 3
        let reads = 0
        return {
          onRead: (socket, block, start, length) => {
            if (kept.length < 1000) {
              kept.push({ block: block.keep(), start, copy: Buffer.from(block.memory.subarray(start, start + length)) })
            }
            if (++reads < least + number) return
            if (number === 0) socket.close()
            else socket.abort()
          },
          onClose: () => {
            if (++ended === pairs) rig.stopIn(20)
          },
        }
      })
      for (let count = 0; count < pairs; count++) {
        const message = blockOf(Buffer.alloc(size, count + 1))
        const flood = (socket: Socket) => {
          socket.write(message, 0, size)
          if (!socket.closed) loop.timer(count % 2, () => flood(socket))
        }
        rig.connect(listener.port, { onConnect: flood })
      }
      return () => {
        assert.ok(kept.length > pairs)
        for (const { block, start, copy } of kept) {
          assert.ok(copy.equals(block.memory.subarray(start, start + copy.length)), 'kept bytes have changed')
          block.release()
        }
        for (const { block } of kept) assert.is(block.leases, 0, 'the kernel’s lease was not given back')
      }
    }))
}

test('a listener is closed while its accept is in flight and a crowd is at the door: nobody is left over', () =>
  onUring({}, async rig => {
    let handedOut = 0
    const listener = await rig.listen(() => {
      if (++handedOut === 10) listener.close()
      assert.ok(handedOut <= 10, 'a connection of a closed listener')
      return {}
    })
    let gone = 0
    for (let count = 0; count < 50; count++) {
      rig.connect(listener.port, {
        onEnd: socket => socket.close(),
        onClose: () => {
          if (++gone === 40) rig.stopIn(20)
        },
      })
    }
    return () => assert.is(handedOut, 10)
  }))

test.run()
