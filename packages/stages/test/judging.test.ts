import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { judge } from '../src/judge.js'
import type { Scale } from '../src/scale.js'
import type { StageTest } from '../src/stage-test.js'
import { cpu } from '../src/stage10/cpu.js'
import { errors } from '../src/stage10/errors.js'
import { memory } from '../src/stage10/memory.js'
import { multiple } from '../src/stage10/multiple.js'
import { nonblocking } from '../src/stage10/nonblocking.js'
import { single } from '../src/stage10/single.js'
import { start } from '../src/start-test.js'
import type { TestResult } from '../src/verdict.js'
import { fixtureCommand, portsEnvironment, withPlace } from './fixture.js'

const mebibyte = 1024 * 1024

/** Shorter than quick: what is left of each test is its steps. */
const scale: Scale = {
  name: 'quick',
  nonblocking: { size: 256 * mebibyte, firstProbe: 400, probeEvery: 200, until: 1_200, talking: 200 },
  cpu: { window: 2_400, stalled: 1_200, afterRude: 1_000 },
  memory: {
    size: 1024 * mebibyte,
    sizeOfOthers: 256 * mebibyte,
    longest: 4_000,
    leastShare: 0.5,
    held: 600,
    rounds: 4,
    roundTime: 200,
  },
  single: { strings: 3, longest: 256 * 1024 },
  multiple: { clients: 40, strings: 2, longest: 8 * 1024 },
  errors: { vanishing: 24 },
}

const test = suite('judging', { timeLimit: 40_000 })

function judgeFixture(fixture: string, stageTest: StageTest, portCount = 2): Promise<TestResult> {
  return withPlace(portCount, ({ ports, folder }) =>
    judge(stageTest, {
      target: {
        command: fixtureCommand(fixture),
        environment: portsEnvironment(ports),
        hosts: ['127.0.0.1', '::1'],
        ports,
        startTimeout: 10_000,
      },
      scale,
      seed: 7,
      evidenceFolder: folder,
      log: () => {},
    })
  )
}

for (const stageTest of [start, nonblocking, cpu, memory, single, multiple, errors]) {
  test(`a plain echo passes ${stageTest.id}`, async () => {
    const result = await judgeFixture('correct/plain.js', stageTest)
    assert.is(result.verdict, 'pass', result.reason)
    assert.ok(Object.keys(result.measured).length > 0)
  })
}

test('a program in the background passes, and its memory and descriptors are seen', async () => {
  const result = await judgeFixture('test:background.js', errors)
  assert.is(result.verdict, 'pass', result.reason)
  assert.ok((result.measured.descriptors ?? 0) > 10)
})

/** Which test blames which fixture, and with what words. */
const broken: readonly (readonly [fixture: string, StageTest, reason: RegExp])[] = [
  ['broken/start-dies-at-once.js', start, /^the program exited with status 3; last line on stderr: config\.json/],
  ['broken/stall-never-answers.js', single, /^port \d+: 1 byte sent, nothing came back for 5 s \(the only client\)$/],
  [
    'broken/bytes-byte-65537.js',
    single,
    /^byte 65,537 of the only client differs \(port \d+\): sent 0x[0-9a-f]{2}, got 0x[0-9a-f]{2}$/,
  ],
  [
    'broken/bytes-line-feed-at-the-end.js',
    single,
    /^port \d+: the only client got 1 byte more than the [\d,]+ bytes that it sent$/,
  ],
  ['test:blocks.js', nonblocking, /^port \d+: [\d,]+ bytes sent, (nothing|[\d,]+) came back.* for 5 s/],
  [
    'broken/bytes-dropped-at-fin.js',
    single,
    /^port \d+: the program closed the connection of a client, whose FIN came right behind its last byte, when \d+ of/,
  ],
  ['broken/spin-main-thread.js', cpu, /^used \d+\.\d % of one core for [\d.]+ s with one idle client/],
  ['broken/spin-child.js', cpu, /^used \d+\.\d % of one core for [\d.]+ s with one idle client.*pid \d+/],
  ['test:busy-after-leaving.js', cpu, /^used \d+\.\d % of one core/],
  ['broken/memory-no-backpressure.js', memory, /^memory grew by \d+ MiB while clients that do not read sent \d+ MiB/],
  ['broken/memory-keeps-a-sixteenth.js', memory, /^memory grew by \d+ KiB for every MiB moved/],
  ['broken/memory-of-closed-connections.js', memory, /^memory grew by \d+ KiB for every client that came and went/],
  ['broken/memory-no-backpressure-on-the-last-port.js', memory, /^memory grew by \d+ MiB while .* sent \d+ MiB/],
  ['broken/multiple-one-buffer.js', multiple, /^byte [\d,]+ of client \d+ differs \(port \d+\): sent 0x.., got 0x../],
  [
    'broken/errors-not-handled.js',
    errors,
    /^the program exited with status \d+, [\d.]+ s after 24 clients reset their connections; on stderr: Error: (read|write) E[A-Z]+$/,
  ],
  ['broken/errors-never-closes.js', errors, /^keeps \d+ more descriptors open, 5 s after 24 clients closed/],
]

// Who dies of a reset fails the test that is about that.
for (const stageTest of [cpu, memory]) {
  test(`${stageTest.id} does not blame a program for what only errors is about`, async () => {
    const result = await judgeFixture('broken/errors-not-handled.js', stageTest)
    assert.is(result.verdict, 'pass', result.reason)
    assert.match(String(result.evidence.leftToOtherTests), /^the program exited with status 1/)
  })
}

for (const stageTest of [nonblocking, memory]) {
  test(`${stageTest.id} does not blame a program for what it owes at FIN`, async () => {
    const result = await judgeFixture('broken/bytes-dropped-at-fin.js', stageTest)
    assert.is(result.verdict, 'pass', result.reason)
  })
}

test('cpu does not blame a program for wrong bytes', async () => {
  const result = await judgeFixture('broken/bytes-upper-case.js', cpu)
  assert.is(result.verdict, 'pass', result.reason)
})

for (const [fixture, stageTest, reason] of broken) {
  test(`${stageTest.id} blames ${fixture}`, async () => {
    const result = await judgeFixture(fixture, stageTest)
    assert.is(result.verdict, 'fail', result.reason)
    assert.match(result.reason, reason)
    assert.ok(result.usualCause, 'it says what usually causes this')
  })
}

test.run()
