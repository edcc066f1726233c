import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Monitor, memoryBytes } from '../src/index.js'
import { fixture, withProgram } from './program.js'

const test = suite('monitor', { timeLimit: 30_000 })

/** What starting Node costs before the first sample, and one tick for each look: seconds. */
const tolerance = 0.25

/** CPU seconds of a burner as the monitor saw them, and as the kernel told the burner and its children. */
async function burn(how: string, share: number, seconds: number): Promise<{ seen: number; told: number }> {
  return withProgram([fixture('burner.js'), how, String(share), String(seconds)], async (child, ended) => {
    const monitor = await Monitor.start(child.pid as number, { interval: 100 })
    const { stdout, code } = await ended
    assert.is(code, 0)
    const { cpuSeconds } = await monitor.stop()
    const told = stdout.trim().split('\n')
    return { seen: cpuSeconds, told: told.reduce((sum, line) => sum + JSON.parse(line).own, 0) }
  })
}

for (const [how, share, seconds] of [
  ['alone', 0.2, 2],
  ['alone', 0.8, 2],
  ['threads', 0.2, 2],
  ['children', 0.3, 2],
  ['brief', 1, 0.15],
] as const) {
  test(`agrees with the kernel on a program that burns ${how} ${share * 100} % of a core`, async () => {
    const { seen, told } = await burn(how, share, seconds)
    assert.ok(Math.abs(seen - told) <= tolerance + told * 0.05, `saw ${seen} s of ${told} s`)
  })
}

test('counts a process that left its parents', async () => {
  await withProgram([fixture('daemon.js'), '20'], async (child, ended) => {
    const monitor = await Monitor.start(child.pid as number, { interval: 50 })
    const daemon = Number((await ended).stdout)
    try {
      const sample = await monitor.sampleNow()
      assert.equal(
        sample.processes.map(({ pid, name }) => [pid, name]),
        [[daemon, 'sleep']]
      )
      assert.not(monitor.ended)
    } finally {
      process.kill(daemon, 'SIGKILL')
      await monitor.stop()
    }
  })
})

test('sees the memory of a child', async () => {
  await withProgram([fixture('hoarder.js'), '200', '20'], async child => {
    const monitor = await Monitor.start(child.pid as number, { interval: 100 })
    let sample = await monitor.sampleNow()
    const until = performance.now() + 10_000
    while (memoryBytes(sample) < 200 * 1024 * 1024 && performance.now() < until) {
      await new Promise(resolve => setTimeout(resolve, 100))
      sample = await monitor.sampleNow()
    }
    const { processes } = sample
    const summary = await monitor.stop()
    for (const { pid } of processes) process.kill(pid, 'SIGKILL')
    assert.is(processes.length, 2)
    assert.ok(memoryBytes(sample) >= 200 * 1024 * 1024, `${memoryBytes(sample)} bytes`)
    assert.ok(sample.rssBytes >= (sample.pssBytes ?? 0))
    assert.ok((sample.descriptors ?? 0) > 0)
    assert.ok(summary.rssBytes.max >= 200 * 1024 * 1024)
  })
})

test('takes the end of the process for an event, not for idleness', async () => {
  await withProgram([fixture('burner.js'), 'alone', '0.9', '0.5'], async (child, ended) => {
    let ends = 0
    const monitor = await Monitor.start(child.pid as number, { interval: 50, onEnd: () => ends++ })
    await ended
    await new Promise(resolve => setTimeout(resolve, 300))
    assert.ok(monitor.ended)
    assert.is(ends, 1)
    const count = monitor.samples.length
    assert.ok(monitor.samples.slice(1, -1).every(({ processes }) => processes.length > 0))
    await monitor.sampleNow()
    assert.is(monitor.samples.length, count)
    await monitor.stop()
  })
})

test('watches whom the caller names', async () => {
  await withProgram([fixture('burner.js'), 'alone', '0.1', '5'], async child => {
    const monitor = await Monitor.start(1, { interval: 100, members: () => [child.pid as number] })
    assert.equal(
      monitor.samples[0]?.processes.map(({ pid }) => pid),
      [child.pid]
    )
    await monitor.stop()
  })
})

test('rejects a pid that nobody has', async () => {
  try {
    await Monitor.start(2 ** 22 + 1, { interval: 100 })
    assert.unreachable()
  } catch (error) {
    assert.is((error as NodeJS.ErrnoException).code, 'ESRCH')
  }
})

test.run()
