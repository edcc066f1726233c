import { constants } from 'node:os'
import * as assert from 'uvu/assert'
import type { Block, Loop, Socket, UnseenBytes } from '../src/index.js'
import { MSG_NOSIGNAL } from '../src/linux/constants.js'
import { close, send as sendDirectly } from '../src/linux/libc.js'
import { mapRegion } from '../src/linux/mapped-memory.js'
import { openConnecting } from '../src/linux/open-socket.js'
import { Passages } from '../src/linux/passages.js'
import { resetOnClose } from '../src/linux/socket-options.js'
import { withChild } from './child.js'
import type { Hooks } from './endpoint.js'
import { openDescriptors } from './open-descriptors.js'
import { PatternChecker, PatternSender } from './pattern.js'
import { describeMatrix, onLoop } from './rig.js'

const megabyte = 1024 * 1024
const MSG_OOB = 1

const descriptors = () => openDescriptors(/^pipe:/)

/** Echoes everything in order, and looks at as little as it can. */
class UnseenEcho implements Hooks {
  readonly takesUnseen = true
  seen = 0
  unseen = 0
  #ended = false
  readonly #waiting: (UnseenBytes | { block: Block; start: number; length: number })[] = []
  readonly #loop: Loop

  constructor(loop: Loop) {
    this.#loop = loop
  }

  onRead(socket: Socket, block: Block, start: number, length: number): void {
    this.seen += length
    this.#waiting.push({ block: block.keep(), start, length })
    this.onWritable(socket)
  }

  onUnseen(socket: Socket, bytes: UnseenBytes): void {
    assert.is.not(this.#loop.engine, 'node')
    this.unseen += bytes.length
    this.#waiting.push(bytes)
    this.onWritable(socket)
  }

  onWritable(socket: Socket): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if ('block' in first) {
        const count = socket.write(first.block, first.start, first.length)
        first.start += count
        first.length -= count
        if (first.length === 0) first.block.release()
      } else {
        first.sendTo(socket)
      }
      if (first.length > 0) return
      this.#waiting.shift()
    }
    if (this.#ended) socket.shutdown()
  }

  onEnd(socket: Socket): void {
    this.#ended = true
    if (this.#waiting.length === 0) socket.shutdown()
  }

  onClose(): void {
    for (const left of this.#waiting.splice(0)) {
      if ('block' in left) left.block.release()
      else left.discard()
    }
  }
}

describeMatrix('bytes that nobody looks at', (test, engine) => {
  test('come back in order, before the end, to a client that reads and to one that is late', async () => {
    const before = descriptors()
    for (const delay of [0, 200]) {
      await onLoop(engine, async (rig, loop) => {
        const total = 40 * megabyte
        const echo = new UnseenEcho(loop)
        const checker = new PatternChecker()
        const sender = new PatternSender(loop.arena, total, socket => socket.shutdown())
        const client: Hooks = {
          onRead: (_socket, block, start, length) => checker.check(block, start, length),
          onWritable: socket => sender.pump(socket),
          onEnd: () => loop.stop(),
        }
        await rig.pair({ client, server: echo }, ({ socket }) => {
          if (delay > 0) socket.demand(0)
          loop.timer(delay, () => socket.demand(Number.POSITIVE_INFINITY))
          sender.pump(socket)
        })
        return () => {
          sender.release()
          assert.is(checker.checked, total)
          assert.is(echo.seen + echo.unseen, total)
          if (engine === 'node') assert.is(echo.unseen, 0)
          else if (delay === 0) assert.ok(echo.unseen > total / 2, `only ${echo.unseen} bytes were not looked at`)
          else assert.ok(echo.unseen > 0)
        }
      })
    }
    if (engine !== 'node') assert.is(descriptors(), before, 'descriptors are left open')
  })

  if (engine === 'node') return

  test('are no more than were asked for, and are read by who wants to see them now', () =>
    onLoop(engine, async (rig, loop) => {
      const total = 4 * megabyte
      let seen = 0
      let unseen = 0
      const server = {
        takesUnseen: true,
        onRead: (_socket: Socket, _block: Block, _start: number, length: number) => {
          seen += length
          server.takesUnseen = true
          if (seen + unseen === total) loop.stop()
        },
        onUnseen: (_socket: Socket, bytes: UnseenBytes) => {
          assert.ok(bytes.length <= 100_000)
          unseen += bytes.length
          bytes.discard()
          server.takesUnseen = false
          if (seen + unseen === total) loop.stop()
        },
      }
      const sender = new PatternSender(loop.arena, total)
      const onWritable = (socket: Socket) => sender.pump(socket)
      await rig.pair({ client: { onWritable }, server }, (client, { socket }) => {
        socket.demand(100_000)
        sender.pump(client.socket)
      })
      return () => {
        sender.release()
        assert.ok(seen > megabyte && unseen > megabyte, `${seen} seen, ${unseen} not`)
      }
    }))

  test('may be kept: when that ties down all there is to keep them in, the rest is read', () =>
    onLoop(engine, async (rig, loop) => {
      const kept: UnseenBytes[] = []
      let seen = 0
      const server: Hooks = {
        takesUnseen: true,
        onRead: (_socket, _block, _start, length) => {
          seen += length
          if (seen > 4 * megabyte && kept.length > 0) loop.stop()
        },
        onUnseen: (_socket, bytes) => kept.push(bytes),
        onClose: () => {
          for (const bytes of kept) bytes.discard()
        },
      }
      const sender = new PatternSender(loop.arena, 40 * megabyte)
      const onWritable = (socket: Socket) => sender.pump(socket)
      await rig.pair({ client: { onWritable }, server }, client => sender.pump(client.socket))
      return () => {
        sender.release()
        assert.is(kept.length, 32)
        assert.ok(kept.every(({ length }) => length === 0))
      }
    }))

  test('that go to a peer who has reset the connection end it with the error, and nothing else', () =>
    onLoop(engine, async (rig, loop) => {
      let kept: UnseenBytes | undefined
      const listener = await rig.listen(() => ({
        takesUnseen: true,
        onUnseen: (socket, bytes) => {
          kept = bytes
          resetOnClose(fd)
          close(fd)
          assert.is(bytes.sendTo(socket), 0)
          assert.ok(socket.closed)
          bytes.discard()
        },
        onClose: (_socket, error) => {
          assert.match(error?.message ?? '', /^send .*(ECONNRESET|EPIPE)/)
          loop.stop()
        },
      }))
      const { fd } = openConnecting({ host: '127.0.0.1', port: listener.port })
      const bytes = mapRegion(2 * megabyte)
      const pump = () => {
        if (kept !== undefined) return
        sendDirectly(fd, bytes.address, 2 * megabyte, MSG_NOSIGNAL)
        loop.timer(1, pump)
      }
      loop.timer(0, pump)
      return () => assert.is(kept?.length, 0)
    }))

  test('that come behind an urgent one are delivered too', () =>
    onLoop(engine, async (rig, loop) => {
      // One read, after which uring no longer receives before it is asked to.
      const first = 32 * 1024
      const read = 64 * 1024
      const part = 2 * read
      const bytes = mapRegion(2 * megabyte)
      // The urgent byte itself is left out (tcp(7)).
      const steps = [
        { left: part, flags: MSG_NOSIGNAL },
        { left: 1, flags: MSG_NOSIGNAL | MSG_OOB },
        { left: part, flags: MSG_NOSIGNAL },
      ]
      const pump = () => {
        const step = steps[0]
        if (step === undefined) return
        step.left -= Math.max(0, sendDirectly(fd, bytes.address, step.left, step.flags))
        if (step.left === 0) steps.shift()
        loop.timer(1, pump)
      }
      let received = 0
      let passed = 0
      const take = (socket: Socket, count: number) => {
        received += count
        if (received === first) {
          // When it goes on the urgent byte is there, and the second time it takes in as far as that.
          socket.demand(0)
          loop.timer(20, pump)
          loop.timer(120, () => socket.demand(read))
        }
        if (received === first + 2 * part) loop.stop()
      }
      const listener = await rig.listen(() => ({
        takesUnseen: true,
        onRead: (socket, _block, _start, length) => take(socket, length),
        onUnseen: (socket, unseen) => {
          if (received === first + read) passed = unseen.length
          take(socket, unseen.length)
          unseen.discard()
        },
      }))
      const { fd } = openConnecting({ host: '127.0.0.1', port: listener.port })
      loop.timer(10, () => assert.is(sendDirectly(fd, bytes.address, first, MSG_NOSIGNAL), first))
      return () => {
        close(fd)
        assert.is(passed, read, 'what is just before the urgent byte did not pass unseen')
      }
    }))

  test('cannot be sent to anything but a socket of the same loop', () =>
    onLoop(engine, async (rig, loop) => {
      const server: Hooks = {
        takesUnseen: true,
        onUnseen: (_socket, bytes) => {
          assert.throws(() => bytes.sendTo({} as Socket), /a socket of the same loop/)
          bytes.discard()
          loop.stop()
        },
      }
      const sender = new PatternSender(loop.arena, 4 * megabyte)
      const onWritable = (socket: Socket) => sender.pump(socket)
      await rig.pair({ client: { onWritable }, server }, client => sender.pump(client.socket))
      return () => sender.release()
    }))

  for (const code of ['EPERM', 'ENOSYS', 'EINVAL'] as const) {
    test(`are read where splice is refused with ${code}`, () =>
      withChild('forbidden-splice', [engine, String(constants.errno[code])], async child => {
        await child.line(`seen ${8 * megabyte}`)
        assert.is(child.lines.length, 1)
      }))
  }

  test('give up their descriptors while those are short, except what somebody keeps', () => {
    const before = descriptors()
    const passages = new Passages()
    const [first, second] = [passages.take(0), passages.take(0)]
    assert.is(descriptors(), before + 4)
    first?.discard()
    passages.yieldDescriptors(5000)
    assert.is(descriptors(), before + 2)
    assert.is(passages.take(5999), undefined)
    const third = passages.take(6000)
    assert.ok(third)
    third.discard()
    passages.close()
    assert.is(descriptors(), before + 2)
    second?.discard()
    assert.throws(() => second?.discard(), /given up twice/)
    assert.is(descriptors(), before)
    assert.is(passages.take(1e9), undefined)
  })
})
