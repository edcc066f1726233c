import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Pacer } from '../src/pacing/pacer.js'
import { Schedule } from '../src/pacing/schedule.js'

const test = suite('pacer')

/** Time that passes only when somebody waits for it. */
class FakeClock {
  time = 1_000
  /** Every timer comes so much late, as those of a thread that slept do. */
  readonly late: number
  readonly wakeUp = 0.02
  /** Timers of no delay, each of which costs a turn. */
  turns = 0
  #timers: { due: number; callback: () => void }[] = []

  constructor(late = 0) {
    this.late = late
  }

  now(): number {
    return this.time
  }

  timer(delay: number, callback: () => void): void {
    if (delay === 0) this.turns++
    this.#timers.push({ due: this.time + delay + (delay === 0 ? 0.001 : this.late), callback })
  }

  /** Lets the timers fire that are due until `end`. */
  runUntil(end: number): void {
    for (;;) {
      const next = this.#timers.sort((one, other) => one.due - other.due)[0]
      if (next === undefined || next.due > end) break
      this.#timers.shift()
      this.time = Math.max(this.time, next.due)
      next.callback()
    }
    this.time = end
  }
}

interface Begun {
  readonly slot: number
  readonly due: number
  readonly at: number
}

function pacerFor(clock: FakeClock, rate: number, gone: ReadonlySet<number> = new Set()) {
  const begun: Begun[] = []
  const state = { exhausted: 0 }
  const pacer = new Pacer<number>({
    clock,
    schedule: new Schedule({
      rate: { from: rate, to: rate },
      arrivals: 'constant',
      warmup: 0,
      duration: 0,
      seed: 1,
      share: { index: 0, count: 1 },
    }),
    usable: slot => !gone.has(slot),
    begin(slot, due, at) {
      begun.push({ slot, due, at })
      return true
    },
    exhausted() {
      state.exhausted++
    },
  })
  return { pacer, begun, state }
}

test('everything begins when it is due, at any rate, in the order of its due times', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20_000 }), fc.double({ min: 0, max: 0.02, noNaN: true }), (rate, late) => {
      const clock = new FakeClock(late)
      const { pacer, begun } = pacerFor(clock, rate)
      const count = Math.ceil(rate / 10)
      for (let slot = 0; slot < count + 1; slot++) pacer.release(slot)
      pacer.start(clock.time, { end: clock.time + 100 })
      clock.runUntil(clock.time + 200)
      assert.is(begun.length, count)
      begun.forEach(({ due, at }, k) => {
        assert.ok(Math.abs(due - 1_000 - (k * 1000) / rate) < 1e-6)
        // A turn of the loop, never as much as the thread takes to wake up.
        assert.ok(at >= due && at - due < 0.01, `begun ${at - due} ms late`)
      })
      assert.is(pacer.lag.late, 0)
    }),
    { numRuns: 60 }
  )
})

test('it sleeps until shortly before something is due', () => {
  const clock = new FakeClock()
  const { pacer, begun } = pacerFor(clock, 2_000)
  for (let slot = 0; slot < 2_000; slot++) pacer.release(slot)
  pacer.start(clock.time, { end: clock.time + 100 })
  clock.runUntil(clock.time + 200)
  assert.is(begun.length, 200)
  // A turn takes 1 µs here, 500 µs are between two.
  assert.ok(clock.turns <= 200 * 25, `${clock.turns} turns without sleep`)
})

test('without a free slot the due time stays, and the delay is not called lag', () => {
  const clock = new FakeClock()
  const { pacer, begun } = pacerFor(clock, 100)
  pacer.release(1)
  pacer.start(clock.time)
  clock.runUntil(1_500)
  assert.is(begun.length, 1)
  for (let freed = 0; freed < 3; freed++) pacer.release(1)
  assert.equal(
    begun.map(({ due, at }) => [due, at]),
    [
      [1_000, 1_000],
      [1_010, 1_500],
      [1_020, 1_500],
      [1_030, 1_500],
    ]
  )
  assert.is(pacer.lag.late, 0)
  assert.is(pacer.overdue(1_500), 46)
})

test('a pacer that is not called in time says how late it was, and catches up in bounded bursts', () => {
  const clock = new FakeClock()
  const { pacer, begun } = pacerFor(clock, 1_000)
  for (let slot = 0; slot < 1_000; slot++) pacer.release(slot)
  pacer.start(clock.time)
  clock.time += 200
  const bursts: number[] = []
  for (let step = 0; step < 6; step++) {
    const before = begun.length
    clock.runUntil(clock.time + 0.0009)
    bursts.push(begun.length - before)
  }
  assert.ok(begun.length >= 200 && Math.max(...bursts) === 64, `${bursts}`)
  assert.ok(pacer.lag.late >= 195 && pacer.lag.late <= 200, `${pacer.lag.late}`)
  assert.ok(Math.abs(pacer.lag.longest - 199) < 1, `${pacer.lag.longest}`)
  assert.ok(Math.abs(pacer.lag.total - (199 * 200) / 2) < 400, `${pacer.lag.total}`)
})

test('slots that have gone are passed over, and nothing is lost with them', () => {
  const clock = new FakeClock()
  const { pacer, begun } = pacerFor(clock, 100, new Set([1, 3]))
  for (const slot of [1, 2, 3, 4]) pacer.release(slot)
  pacer.start(clock.time)
  clock.runUntil(1_015)
  assert.equal(
    begun.map(({ slot, due }) => [slot, due]),
    [
      [2, 1_000],
      [4, 1_010],
    ]
  )
})

test('the slot that was free the longest is taken first', () => {
  const clock = new FakeClock()
  const { pacer, begun } = pacerFor(clock, 100)
  for (const slot of [7, 8, 9]) pacer.release(slot)
  pacer.start(clock.time)
  clock.runUntil(1_005)
  pacer.release(7)
  clock.runUntil(1_035)
  assert.equal(
    begun.map(({ slot }) => slot),
    [7, 8, 9, 7]
  )
})

test('nothing begins after the end, nor after stop', () => {
  const clock = new FakeClock()
  const { pacer, begun, state } = pacerFor(clock, 100)
  for (let slot = 0; slot < 100; slot++) pacer.release(slot)
  pacer.start(clock.time, { end: clock.time + 50 })
  clock.runUntil(2_000)
  assert.is(begun.length, 5)
  assert.is(state.exhausted, 1)
  const other = pacerFor(clock, 100)
  for (let slot = 0; slot < 100; slot++) other.pacer.release(slot)
  other.pacer.start(clock.time)
  other.pacer.stop()
  clock.runUntil(3_000)
  assert.is(other.begun.length, 1)
})

test('at the end, what is due and can begin still begins', () => {
  const clock = new FakeClock()
  const { pacer, begun } = pacerFor(clock, 1_000)
  for (let slot = 0; slot < 150; slot++) pacer.release(slot)
  pacer.start(clock.time, { end: clock.time + 200 })
  clock.time += 300
  pacer.complete()
  assert.is(begun.length, 150)
  assert.is(pacer.overdue(clock.time), 50)
  clock.runUntil(clock.time + 100)
  assert.is(begun.length, 150)
})

test('what is due before the measured time is not part of the lag', () => {
  const clock = new FakeClock()
  const { pacer } = pacerFor(clock, 100)
  for (let slot = 0; slot < 100; slot++) pacer.release(slot)
  pacer.start(clock.time, { measuredFrom: clock.time + 100 })
  clock.time += 80
  clock.runUntil(1_205)
  assert.is(pacer.lag.scheduled, 11)
  assert.is(pacer.lag.late, 0)
})

test.run()
