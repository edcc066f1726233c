import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { type CpuSpan, cpuLimit, judgeCpu, spinLimit } from '../src/rules/cpu-rule.js'
import {
  floorOf,
  growthAllowance,
  judgeGrowth,
  judgeLevels,
  lazyCollectors,
  type MemoryPoint,
  wasFreed,
} from '../src/rules/memory-rule.js'

const mebibyte = 1024 * 1024
const test = suite('rules')

/** Spans of 100 ms with the percentages that `load` gives for each second. */
function spans(load: (second: number) => number, seconds = 20): CpuSpan[] {
  return Array.from({ length: seconds * 10 }, (_, index) => {
    const from = 5_000 + index * 100
    return { from, to: from + 100, cpu: load(index / 10) }
  })
}

test('CPU: rest passes, and so does work below the limit', () => {
  assert.is(judgeCpu(spans(() => 0)).broken, false)
  assert.is(judgeCpu(spans(() => cpuLimit - 1)).broken, false)
  assert.is(judgeCpu([]).broken, false)
})

test('CPU: a program that spins all the time, or uses more than one core, breaks the mean', () => {
  const judgement = judgeCpu(spans(() => 100))
  assert.ok(judgement.broken && judgement.spins)
  assert.ok(Math.abs(judgement.mean - 100) < 0.01)
  assert.is(judgeCpu(spans(() => 180)).broken, true)
  const busy = judgeCpu(spans(() => cpuLimit))
  assert.ok(busy.broken && !busy.spins)
})

test('CPU: a spin in a part of the window is found, wherever it is', () => {
  for (const beginning of [0, 7.5, 18.2]) {
    const judgement = judgeCpu(spans(second => (second >= beginning && second < beginning + 1.8 ? 100 : 0)))
    assert.ok(judgement.spins, `beginning at ${beginning}`)
    assert.ok(judgement.mean < cpuLimit)
    assert.ok(judgement.worst >= spinLimit)
    assert.ok(Math.abs(judgement.worstAt - beginning * 1000) <= 1000)
  }
})

test('CPU: short work now and then is no spin', () => {
  assert.is(judgeCpu(spans(second => (second % 10 < 0.5 ? 100 : 0))).broken, false)
})

test('CPU: a window shorter than the span is judged as a whole', () => {
  assert.is(judgeCpu(spans(() => 60, 1)).worst, 60)
})

test('CPU: a thread that waited long and once, and hardly ran, does not spin', () => {
  const hardly = (share: number) =>
    judgeCpu(spans(() => share, 1).map(span => ({ ...span, threads: new Map([[7, (span.to - span.from) * 0.99]]) })))
  assert.is(hardly(1).spins, false)
  assert.is(hardly(8).spins, true)
})

test('CPU: a long wait in one part of the window and a little work in another are no spin together', () => {
  const judgement = judgeCpu(
    spans(second => (second < 4 ? 8 : 0)).map((span, index) => {
      const elapsed = span.to - span.from
      return { ...span, threads: new Map([[7, index < 120 ? 0.1 * elapsed : 0.99 * elapsed]]) }
    })
  )
  assert.ok(judgement.ready > 90 && judgement.worst > 5)
  assert.is(judgement.spins, false)
})

test('CPU: on a busy machine a thread that is always ready spins, however little it gets; one that waits does not', () => {
  const withThreads = (times: (index: number) => [number, number][]) =>
    spans(() => 8).map((span, index) => ({ ...span, threads: new Map(times(index)) }))
  assert.ok(
    judgeCpu(
      withThreads(() => [
        [1, 0],
        [2, 99],
      ])
    ).spins
  )
  assert.is(
    judgeCpu(
      withThreads(() => [
        [1, 40],
        [2, 60],
      ])
    ).broken,
    false
  )
  assert.is(judgeCpu(withThreads(index => [[index, 100]])).broken, false, 'not one and the same thread')
})

/** Samples of a transfer of 4 GiB, with the memory that `memory` gives for so many bytes moved. */
function points(memory: (moved: number) => number, count = 200, size = 4096 * mebibyte): MemoryPoint[] {
  return Array.from({ length: count + 1 }, (_, index) => {
    const moved = (size * index) / count
    return { moved, memory: memory(moved) }
  })
}

test('memory: a level one passes, wherever it lies', () => {
  assert.is(judgeGrowth(points(() => 50 * mebibyte)).broken, false)
  assert.is(judgeGrowth(points(() => 2000 * mebibyte)).growth, 0)
})

test('memory: a leak of a hundredth is found, with its slope', () => {
  const judgement = judgeGrowth(points(moved => 50 * mebibyte + moved / 100))
  assert.is(judgement.broken, true)
  assert.ok(Math.abs(judgement.slope - 0.01) < 0.0005)
})

test('memory: a leak behind the teeth of a garbage collector is found; the teeth alone are not one', () => {
  const tooth = (moved: number) => (moved % (180 * mebibyte)) / 2
  assert.is(judgeGrowth(points(moved => 40 * mebibyte + tooth(moved))).broken, false)
  assert.is(judgeGrowth(points(moved => 40 * mebibyte + tooth(moved) + moved / 16)).broken, true)
})

test('memory: a heap that is warmed up, or enlarged once, is no leak', () => {
  assert.is(judgeGrowth(points(moved => Math.min(moved, 800 * mebibyte))).broken, false)
  assert.is(judgeGrowth(points(moved => (moved > 2500 * mebibyte ? 400 : 100) * mebibyte)).broken, false)
  assert.is(judgeGrowth(points(moved => 200 * mebibyte * Math.log2(1 + moved / (100 * mebibyte)), 200)).lows.length, 8)
})

test('memory: a small leak is found by being the same in every part; noise of that size is not one', () => {
  assert.is(judgeGrowth(points(moved => 30 * mebibyte + moved / 1024)).broken, true)
  const uneven = (moved: number) => (Math.floor(moved / (512 * mebibyte)) % 2) * mebibyte * 0.1
  assert.is(judgeGrowth(points(moved => 30 * mebibyte + moved / 1024 + uneven(moved))).broken, true, 'nearly the same')
  assert.is(judgeGrowth(points(moved => 30 * mebibyte + moved / 8192)).broken, false)
  assert.is(judgeGrowth(points(moved => 30 * mebibyte + (moved > 2000 * mebibyte ? 4 * mebibyte : 0))).broken, false)
})

test('memory: levels that rise in step are found, a single rise is not', () => {
  const judge = (...levels: number[]) => judgeLevels(levels.map(level => level * mebibyte)).broken
  assert.is(judge(50, 60, 70, 80, 90), true)
  assert.is(judge(50, 60, 70, 70, 90), true, 'all but one step')
  assert.is(judge(50, 90, 90, 90, 90), false)
  assert.is(judge(50, 52, 54, 56, 58), true, 'the very same for each round')
  assert.is(judge(50, 52, 54.3, 56, 58), false)
  assert.is(judge(50, 50.2, 50.4, 50.6, 50.8), false)
  // A server in Node that logs, on a busy machine.
  assert.is(judge(29.54, 48.08, 49.82, 52, 52.26, 53.69, 54.85), false, 'a heap enlarged once, and then a little')
  assert.is(judge(30, 48, 53, 58, 63, 68, 73), true, 'enlarged once, and then a leak')
  assert.is(judge(50, 52, 54), false, 'two steps alike are chance')
  assert.is(judge(), false)
})

test('memory: what is needed in the first quarter does not count', () => {
  const warming = (moved: number) => Math.min(moved, 1024 * mebibyte) / 50
  const wandering = (moved: number) => [0, 0, 0, 1.2, 4.5, 5.8, 8.8, 10][Math.floor(moved / (513 * mebibyte))] ?? 0
  assert.is(judgeGrowth(points(moved => 30 * mebibyte + warming(moved) + wandering(moved) * mebibyte)).broken, false)
})

test('memory: few samples or none are no proof', () => {
  assert.is(judgeGrowth([]).broken, false)
  assert.is(judgeGrowth([{ moved: 5, memory: 7 }]).broken, false)
  assert.is(judgeGrowth(points(() => mebibyte, 10, 0)).broken, false)
})

test('memory: whatever lies within the allowance passes, and any even leak beyond it does not', () => {
  const noise = fc.array(fc.double({ min: 0, max: 0.9, noNaN: true }), { minLength: 64, maxLength: 300 })
  fc.assert(
    fc.property(noise, fc.integer({ min: 0, max: 2 ** 34 }), (shares, base) => {
      const memory = shares.map((share, index) => ({ moved: index * mebibyte, memory: base + share * growthAllowance }))
      assert.is(judgeGrowth(memory).broken, false)
    })
  )
  fc.assert(
    fc.property(fc.double({ min: 1.5, max: 500, noNaN: true }), fc.integer({ min: 40, max: 2000 }), (factor, count) => {
      // Over the counted three quarters, so much more than the allowance.
      const slope = (growthAllowance * factor) / (0.75 * 4096 * mebibyte)
      assert.is(judgeGrowth(points(moved => moved * slope, count)).broken, true)
    })
  )
})

test('memory: growth is seen also where few samples were taken, and most of the bytes passed between two of them', () => {
  const late = Array.from({ length: 12 }, (_, index) => ({
    moved: index < 9 ? index * mebibyte : (index - 6) * 1024 * mebibyte,
    memory: (50 + 10 * index) * mebibyte,
  }))
  assert.is(judgeGrowth(late).broken, true)
  assert.equal(judgeGrowth(late.slice(0, 7)).lows, [], 'too few to tell')
})

test('memory: growth below the allowance is suspicious', () => {
  const judge = (mebibytes: number) =>
    judgeGrowth(points(moved => 50 * mebibyte + (moved / (4096 * mebibyte)) ** 3 * mebibytes * mebibyte))
  assert.equal(
    [judge(5), judge(20), judge(50)].map(({ suspicious }) => suspicious),
    [false, true, true]
  )
  assert.equal(
    [judge(5), judge(20), judge(50)].map(({ broken }) => broken),
    [false, false, true]
  )
})

test('garbage that a runtime lets lie is no leak, whatever else is', () => {
  const lazy = { collectsLazily: true }
  for (const slope of [1 / 1024, 1 / 100, 1 / 16]) {
    assert.is(
      judgeGrowth(
        points(moved => 80 * mebibyte + moved * slope),
        lazy
      ).broken,
      false
    )
  }
  assert.is(
    judgeGrowth(
      points(moved => 80 * mebibyte + moved / 8),
      lazy
    ).broken,
    true
  )
  const levels = [100, 150, 200, 250].map(level => level * mebibyte)
  assert.is(judgeLevels(levels, lazy).broken, false)
  assert.is(judgeLevels(levels).broken, true)
  for (const path of [
    '/usr/lib/jvm/lib/server/libjvm.so',
    '/usr/share/dotnet/libcoreclr.so',
    '/usr/lib/libmonosgen-2.0.so.1',
  ]) {
    assert.match(`7f00-7f01 r-xp 00000000 08:01 77 ${path}\n`, lazyCollectors)
  }
  assert.not.match('/usr/lib/x86_64-linux-gnu/libc.so.6', lazyCollectors)
})

test('what clients seem to have left was freed when memory goes back to where it was, as far as that can be seen', () => {
  const inMebibytes = (...levels: number[]) => levels.map(level => level * mebibyte)
  const floor = (...lows: number[]) => floorOf(inMebibytes(...lows))
  const even = inMebibytes(20, 21, 22, 23)
  assert.equal(floor(90, 10, 16, 8, 40), { lowest: 8 * mebibyte, uncertainty: 8 * mebibyte })
  // Nothing was freed: the floor has risen by all of it.
  assert.is(wasFreed(even, floor(19, 19, 19, 19), floor(23, 23, 23, 23)), false)
  assert.is(wasFreed(even, floor(19, 19, 19, 19), floor(20, 20, 20, 20)), true)
  // Teeth whose lowest points were seen by chance.
  assert.is(wasFreed(even, floor(60, 217, 8, 38, 36, 16), floor(50, 200, 30, 12, 40, 19)), true)
  // Teeth that were seen well, and yet memory was far below what the clients seemed to have left.
  assert.is(wasFreed(even, floor(8, 8, 8, 8), floor(11, 11, 11, 11)), true)
  // A heap may be smaller than when the clients came, and what they left in it is not.
  const steep = inMebibytes(90, 110, 130, 150)
  assert.is(wasFreed(steep, floor(30, 31, 30, 31), floor(80, 81, 80, 81)), false)
})

test.run()
