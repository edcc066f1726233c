import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { cpuTime, withChild } from './child.js'
import { type Clients, until, withClients } from './clients.js'
import { describeMatrix } from './rig.js'

const descriptors = 64

/** Connects more than the server has descriptors for, each of whom says something, and notes who gets an answer. */
async function crowd(clients: Clients, port: number, count: number): Promise<Set<Socket>> {
  const served = new Set<Socket>()
  const before = clients.sockets.length
  await clients.add(port, count)
  for (const socket of clients.sockets.slice(before)) {
    socket.on('data', () => served.add(socket))
    socket.write('hello')
  }
  return served
}

/** A number once it has not changed for a while. */
async function settled(read: () => number): Promise<number> {
  for (;;) {
    const before = read()
    await sleep(300)
    if (read() === before) return before
  }
}

describeMatrix('a shortage of descriptors', (test, engine) => {
  if (engine !== 'node') {
    test('those who come too many wait until descriptors free, at no cost, and the owner is told once', () =>
      withChild(
        'echo-server',
        [engine],
        child =>
          withClients(async clients => {
            const port = Number((await child.line('port ')).slice(5))
            const shortages = () => child.lines.filter(line => line.startsWith('shortage'))
            const count = 3 * descriptors
            for (const round of [1, 2]) {
              const served = await crowd(clients, port, count)
              await until('some are served', () => served.size > 10)
              await until('the shortage is told', () => shortages().length === round)
              assert.match(shortages().at(-1) as string, /^shortage accept4: .*\(EMFILE\)$/)

              // Long enough for it to look for descriptors by itself, twice.
              const servedFirst = await settled(() => served.size)
              assert.ok(servedFirst < descriptors)
              const cpu = cpuTime(child.pid)
              await sleep(1100)
              assert.ok(cpuTime(child.pid) - cpu <= 50, 'it is spinning')
              assert.is(served.size, servedFirst)

              // Each who goes makes room for one who waits, and goes when he is served: one starts it all.
              const leave = (socket: Socket) => socket.on('data', () => socket.destroy())
              for (const socket of clients.sockets) leave(socket)
              for (const socket of [...served].slice(0, 1)) socket.destroy()
              await until('all are served', () => served.size === count)
              assert.is(shortages().length, round, 'the same shortage was told again')
              clients.end()
              await sleep(50)
            }
            assert.ok(child.running)
          }),
        { descriptors }
      ))

    test('a listener that is closed in a shortage turns away those who wait, and leaves the others alone', () =>
      withChild(
        'echo-server',
        [engine, 'close'],
        child =>
          withClients(async clients => {
            const port = Number((await child.line('port ')).slice(5))
            const count = 2 * descriptors
            const served = await crowd(clients, port, count)
            await child.line('shortage')
            const gone = () => clients.sockets.filter(({ destroyed }) => destroyed).length
            await until('all are served or turned away', () => served.size + gone() === count)
            assert.ok(gone() > 0)
            // Descriptors that become free are no longer waited for.
            const [leaving, staying] = [...served]
            leaving?.destroy()
            await sleep(600)
            let answered = false
            staying?.on('data', () => {
              answered = true
            })
            staying?.write('still there?')
            await until('who was served still is', () => answered)
            assert.ok(child.running)
          }),
        { descriptors }
      ))
  } else {
    test('those who come too many are turned away by libuv, and those who come later are served', () =>
      withChild(
        'echo-server',
        [engine],
        child =>
          withClients(async clients => {
            const port = Number((await child.line('port ')).slice(5))
            const served = await crowd(clients, port, 3 * descriptors)
            const gone = () => clients.sockets.filter(({ destroyed }) => destroyed).length
            await until('all are served or turned away', () => served.size + gone() === 3 * descriptors)
            assert.ok(served.size > 10)
            const cpu = cpuTime(child.pid)
            await sleep(500)
            assert.ok(cpuTime(child.pid) - cpu <= 50, 'it is spinning')
            clients.end()
            await sleep(100)
            const later = await crowd(clients, port, 10)
            await until('those who come later are served', () => later.size === 10)
            assert.ok(child.running)
          }),
        { descriptors }
      ))
  }
})
