import * as assert from 'uvu/assert'
import type { Block, Socket } from '../src/index.js'
import { PatternChecker, PatternSender } from './pattern.js'
import { blockOf } from './rig.js'
import { onUring, uringSuite } from './uring-rig.js'

const test = uringSuite('the ends of rings')

/** Writes back what it is given, holding blocks of its reads for what was refused. */
class Echo {
  readonly #held: { block: Block; start: number; length: number }[] = []

  onRead = (socket: Socket, block: Block, start: number, length: number): void => {
    const accepted = this.#held.length > 0 ? 0 : socket.write(block, start, length)
    if (accepted === length) return
    this.#held.push({ block: block.keep(), start: start + accepted, length: length - accepted })
    socket.demand(0)
  }

  onWritable = (socket: Socket): void => {
    for (let first = this.#held[0]; first !== undefined; first = this.#held[0]) {
      const accepted = socket.write(first.block, first.start, first.length)
      first.start += accepted
      first.length -= accepted
      if (first.length > 0) return
      first.block.release()
      this.#held.shift()
    }
    socket.demand(Number.POSITIVE_INFINITY)
  }

  onClose = (): void => {
    for (const { block } of this.#held.splice(0)) block.release()
  }
}

test('more connections than entries in either queue: nobody is lost', () =>
  onUring({ submissions: 4, completions: 8 }, async (rig, loop) => {
    const count = 300
    const rounds = 10
    const replies: string[] = new Array(count).fill('')
    let done = 0
    const listener = await rig.listen(() => new Echo())
    for (let index = 0; index < count; index++) {
      const text = `message of ${index};`
      const message = blockOf(text)
      rig.connect(listener.port, {
        onConnect: socket => {
          socket.write(message, 0, message.size)
        },
        onRead: (socket, block, start, length) => {
          replies[index] += Buffer.from(block.memory).toString('latin1', start, start + length)
          if (replies[index] === text.repeat(rounds)) {
            if (++done === count) loop.stop()
          } else if (replies[index]?.endsWith(';')) socket.write(message, 0, message.size)
        },
      })
    }
    return () => assert.is(done, count)
  }))

for (const incremental of [true, false]) {
  test(`more comes in than ${incremental ? 'shared' : 'whole'} buffers hold: everybody is served in the end`, () =>
    onUring({ messageBuffers: 1, bulkBuffers: 1, incremental }, async (rig, loop) => {
      const count = 40
      const total = 400_000
      let done = 0
      const listener = await rig.listen(() => new Echo())
      for (let index = 0; index < count; index++) {
        const checker = new PatternChecker()
        const sender = new PatternSender(loop.arena, total)
        rig.connect(listener.port, {
          onConnect: socket => sender.pump(socket),
          onWritable: socket => sender.pump(socket),
          onRead: (_, block, start, length) => {
            checker.check(block, start, length)
            if (checker.checked === total && ++done === count) loop.stop()
          },
        })
      }
      return () => assert.is(done, count)
    }))
}

test('one firehose does not keep others from the only bulk buffer', () =>
  onUring({ bulkBuffers: 1 }, async (rig, loop) => {
    const received = [0, 0, 0, 0]
    const names: number[] = []
    const listener = await rig.listen(() => {
      const index = names.push(0) - 1
      return {
        onRead: (_, __, ___, length) => {
          received[index] = (received[index] as number) + length
          const most = Math.max(...received)
          if (most < 64 * 1024 * 1024) return
          assert.ok(Math.min(...received) > most / 8, `shares of ${received} bytes`)
          loop.stop()
        },
      }
    })
    for (const _ of received) {
      const sender = new PatternSender(loop.arena, Number.POSITIVE_INFINITY)
      rig.connect(listener.port, {
        onConnect: socket => sender.pump(socket),
        onWritable: socket => sender.pump(socket),
      })
    }
  }))

test('what is written in one turn from many places goes out in few', () =>
  onUring({}, async (rig, loop) => {
    const pieces = 400
    const blocks = [loop.arena.lease(), loop.arena.lease()]
    const expected: string[] = []
    let turns = 0
    let received = ''
    const onRead = (_: Socket, block: Block, start: number, length: number) => {
      received += Buffer.from(block.memory).toString('latin1', start, start + length)
      if (received.length < expected.join('').length) return
      turns = loop.turns - turns
      loop.stop()
    }
    await rig.pair({ server: { onRead } }, client => {
      turns = loop.turns
      for (let index = 0; index < pieces; index++) {
        const block = blocks[index % 2] as Block
        const text = `piece ${index} `
        const start = index * 32
        Buffer.from(text).copy(block.memory, start)
        expected.push(text)
        assert.is(client.socket.write(block, start, text.length), text.length)
      }
    })
    return () => {
      assert.is(received, expected.join(''))
      assert.ok(turns < pieces / 4, `${turns} turns`)
      for (const block of blocks) assert.is(block.leases, 1)
    }
  }))

test('one io_uring_enter a turn', () =>
  onUring({}, async (rig, loop) => {
    let rounds = 0
    const back = (socket: Socket, block: Block, start: number, length: number) => {
      if (++rounds === 1000) loop.stop()
      else socket.write(block, start, length)
    }
    await rig.pair({ client: { onRead: back }, server: { onRead: back } }, client => {
      client.socket.write(blockOf('ball'), 0, 4)
    })
    return () => assert.ok(loop.ring.enters <= loop.turns + 5, `${loop.ring.enters} calls in ${loop.turns} turns`)
  }))

test.run()
