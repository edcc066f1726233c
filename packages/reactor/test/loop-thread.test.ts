import { setTimeout as sleep } from 'node:timers/promises'
import * as assert from 'uvu/assert'
import { type EngineName, LoopThread } from '../src/index.js'
import { withChild } from './child.js'
import { until, withClients } from './clients.js'
import type { Command, Data, Event } from './fixtures/looping.js'
import { describeMatrix } from './rig.js'

/** A loop thread and everything that it has told. */
interface Started {
  readonly thread: LoopThread<Command>
  readonly events: Event[]
  /** How it ended, each time that was told. */
  readonly ends: (Error | undefined)[]
}

async function start(engine: EngineName, data: Data): Promise<Started> {
  const events: Event[] = []
  const ends: (Error | undefined)[] = []
  const module = new URL('./fixtures/looping.js', import.meta.url)
  const thread = await LoopThread.start<Data, Command, Event>({
    module,
    engine,
    data,
    onEvent: event => events.push(event),
    onEnd: error => ends.push(error),
  })
  return { thread, events, ends }
}

async function withThread(engine: EngineName, data: Data, use: (started: Started) => Promise<void>): Promise<void> {
  const started = await start(engine, data)
  try {
    await use(started)
  } finally {
    await started.thread.stop()
  }
}

/** Asks the thread for its turns, which costs at least one. */
async function turnsOf({ thread, events }: Started): Promise<number> {
  const before = events.length
  thread.post({ kind: 'echo', value: 'turns' })
  await until('the answer comes', () => events.length > before)
  return (events.at(-1) as Event & { kind: 'echo' }).turns
}

interface Cost {
  readonly turns: number
  /** Microseconds of CPU of the whole process, this thread's own included. */
  readonly cpu: number
}

/**
 * What the thread and this process do in so many milliseconds in which nobody wants anything of them: the least of
 * several such times, since what went before may take a while to settle. A loop that ticks never has a quiet time.
 */
async function idleCost(started: Started, duration: number): Promise<Cost> {
  const costs: Cost[] = []
  for (let attempt = 0; attempt < 5; attempt++) {
    const turns = await turnsOf(started)
    const before = process.cpuUsage()
    await sleep(duration)
    const { user, system } = process.cpuUsage(before)
    const cost = { turns: (await turnsOf(started)) - turns, cpu: user + system }
    // One turn is that of the question itself.
    if (cost.turns <= 1 && cost.cpu < 50_000) return cost
    costs.push(cost)
  }
  return { turns: Math.min(...costs.map(({ turns }) => turns)), cpu: Math.min(...costs.map(({ cpu }) => cpu)) }
}

/** How many turns it takes at most to answer a question. */
function turnsForAMessage(engine: EngineName): number {
  return engine === 'node' ? 4 : 1
}

describeMatrix('loop thread', (test, engine) => {
  test('commands go down and events come up, in order', () =>
    withThread(engine, {}, async ({ thread, events, ends }) => {
      for (let value = 0; value < 1000; value++) thread.post({ kind: 'echo', value })
      await until('all have come back', () => events.length === 1000)
      assert.equal(
        events.map(event => event.kind === 'echo' && event.value),
        Array.from({ length: 1000 }, (_, index) => index)
      )
      await thread.stop()
      assert.equal(ends, [undefined])
    }))

  test('commands that are posted at once after the start arrive', () =>
    withThread(engine, {}, async ({ thread, events }) => {
      thread.post({ kind: 'echo', value: 'first' })
      await until('it has come back', () => events.length === 1)
    }))

  test('a command wakes a loop that has been idle', () =>
    withThread(engine, { listen: true }, async ({ thread, events }) => {
      await sleep(150)
      thread.post({ kind: 'echo', value: 'awake?' })
      await until('the answer comes', () => events.some(({ kind }) => kind === 'echo'), 1000)
    }))

  // The second is a timer beyond what the kernel can wait for.
  for (const timer of [60_000, 2 ** 33]) {
    test(`idle, with a timer of ${timer} ms, it makes no turns`, () =>
      withThread(engine, { listen: true, timer }, async started => {
        const { turns } = await idleCost(started, 300)
        assert.ok(turns <= turnsForAMessage(engine), `${turns} turns in 300 ms`)
      }))
  }

  test('idle with a thousand connections, it makes no turns and uses no CPU', () =>
    withThread(engine, { listen: true }, started =>
      withClients(async clients => {
        await until('it listens', () => started.events.length > 0)
        await clients.add((started.events[0] as Event & { kind: 'port' }).port, 1000)
        const { turns, cpu } = await idleCost(started, 500)
        assert.ok(turns <= turnsForAMessage(engine), `${turns} turns in 500 ms`)
        assert.ok(cpu < 100_000, `${cpu} µs of CPU in 500 ms`)
      })
    ))

  test('stop ends it, more than once if need be', async () => {
    const { thread, ends } = await start(engine, { listen: true })
    await Promise.all([thread.stop(), thread.stop()])
    assert.equal(ends, [undefined])
    thread.post({ kind: 'echo', value: 'to nobody' })
    await thread.stop()
    assert.equal(ends, [undefined])
  })

  test('what a command throws is told at the end', async () => {
    const { thread, ends } = await start(engine, {})
    thread.post({ kind: 'throw' })
    await until('the end is told', () => ends.length === 1)
    assert.instance(ends[0], RangeError)
    assert.is(ends[0]?.message, 'thrown by a command')
    await thread.stop()
    assert.is(ends.length, 1)
  })

  test('what a timer throws is told at the end, after what was said before', async () => {
    const { thread, events, ends } = await start(engine, { trouble: 'timer throws' })
    // Until the thread has ended, so that its last words and its end are there at the same time.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
    await until('the end is told', () => ends.length === 1)
    assert.is(ends[0]?.message, 'thrown by a timer')
    assert.equal(
      events.map(event => event.kind === 'echo' && event.value),
      ['last words']
    )
    await thread.stop()
  })

  test('start fails when the set-up does', async () => {
    const error = await start(engine, { trouble: 'set-up fails' }).catch(error => error)
    assert.is(error.message, 'the set-up has failed')
  })

  for (const when of ['ready', 'starting'] as const) {
    test(`the process can end beside a sleeping loop (${when})`, () =>
      withChild('exit-beside-a-loop', [engine, when], async child => {
        await until('the process ends', () => !child.running)
        assert.is(child.exitCode, 7)
      }))
  }
})
