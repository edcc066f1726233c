import { endianness } from 'node:os'
import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { EpollEvents } from '../src/epoll/epoll-events.js'
import { EpollLoop } from '../src/epoll/epoll-loop.js'
import { createLoop, type Loop } from '../src/index.js'
import { PR_SET_TIMERSLACK } from '../src/linux/constants.js'
import { prctl } from '../src/linux/libc.js'
import { writeTimespec } from '../src/linux/timespec.js'
import { whereUringRuns } from './rig.js'

/** A busy machine may spoil one batch of timers, hardly all of them for so long (ms). */
const patience = 5000
const batch = 25

const PR_GET_TIMERSLACK = 30

const coarse = () => new EpollEvents({ fine: false })

const loops: readonly (readonly [name: string, create: () => Promise<Loop>])[] = [
  ['epoll', () => createLoop('epoll')],
  ['epoll without epoll_pwait2', async () => new EpollLoop({}, coarse())],
  ['uring', () => createLoop('uring')],
  ['node', () => createLoop('node')],
]

/** Runs one timer after the other until `next` returns no further delay; how late each was (ms) is told to it. */
async function runTimers(loop: Loop, next: (late: number | undefined) => number | undefined): Promise<void> {
  const arm = (late?: number) => {
    const delay = next(late)
    if (delay === undefined) {
      loop.stop()
      return
    }
    const due = performance.now() + delay
    loop.timer(delay, () => arm(performance.now() - due))
  }
  arm()
  await loop.run()
}

function epollIsFine(): boolean {
  const events = new EpollEvents()
  events.close()
  return events.fine
}

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[values.length >> 1] as number
}

for (const [name, create] of loops) {
  const plain = suite(`fine timers on ${name}`)
  const test = name === 'uring' ? whereUringRuns(plain) : plain

  test('a timer of 0.3 ms is not rounded up to 1 ms, and never early', async () => {
    const end = performance.now() + patience
    const late: number[] = []
    let best = Number.POSITIVE_INFINITY
    await runTimers(await create(), previous => {
      if (previous !== undefined) late.push(previous)
      if (late.length === batch) {
        assert.ok(Math.min(...late) >= 0, `${Math.min(...late)} ms late`)
        best = Math.min(best, median(late.splice(0)))
      }
      return best < 0.6 || performance.now() > end ? undefined : 0.3
    })
    assert.ok(best < 0.6, `in no ${batch} of them the median was better than ${best} ms late`)
  })

  test('fractions are kept to by longer timers too', async () => {
    const delays = [1.9, 1, 2.5, 0.999_999_9, 0.1, 12.000_001, 3.3]
    await runTimers(await create(), late => {
      assert.ok(late === undefined || late >= 0, `${late} ms late`)
      return delays.shift()
    })
  })

  test.run()
}

for (const engine of ['epoll', 'uring'] as const) {
  const plain = suite(`waiting on ${engine}`)
  const test = engine === 'uring' ? whereUringRuns(plain) : plain
  const sleeps = 'the loop sleeps through fractions of a millisecond'
  const sleep = async () => {
    const loop = await createLoop(engine)
    let timers = 100
    await runTimers(loop, () => (timers-- > 0 ? 0.9 : undefined))
    assert.ok(loop.turns < 300, `${loop.turns} turns for 100 timers`)
  }
  if (engine === 'uring' || epollIsFine()) test(sleeps, sleep)
  else
    test.skip(
      sleeps,
      'the kernel has no epoll_pwait2: it waits for whole milliseconds, the loop turns through the rest'
    )

  test('its thread is woken when it asked for it, not when that suits others', async () => {
    prctl(PR_SET_TIMERSLACK, 50_000, 0, 0, 0)
    const loop = await createLoop(engine)
    let slack = 0
    loop.timer(0, () => {
      slack = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0)
      loop.stop()
    })
    await loop.run()
    assert.is(slack, 1)
  })

  test.run()
}

const test = suite('timespec')

test('never less than was asked for, by less than a nanosecond more, and always one that the kernel takes', () => {
  const view = new DataView(new ArrayBuffer(16))
  const littleEndian = endianness() === 'LE'
  const read = (milliseconds: number) => {
    writeTimespec(view, 0, milliseconds)
    const [seconds, nanoseconds] = [
      Number(view.getBigInt64(0, littleEndian)),
      Number(view.getBigInt64(8, littleEndian)),
    ]
    assert.ok(nanoseconds >= 0 && nanoseconds < 1e9, `${nanoseconds} ns`)
    return { seconds, nanoseconds }
  }
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), milliseconds => {
      const { seconds, nanoseconds } = read(milliseconds)
      const more = seconds * 1e9 + nanoseconds - milliseconds * 1e6
      assert.ok(more >= 0 && more < 1, `${more} ns more than ${milliseconds} ms`)
    })
  )
  assert.equal(read(999.999_999_9), { seconds: 1, nanoseconds: 0 })
  assert.equal(read(Number.MAX_VALUE), { seconds: 2 ** 31 - 1, nanoseconds: 0 })
})

test.run()
