import { spawnSync } from 'node:child_process'
import { readdirSync, readlinkSync } from 'node:fs'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { Monitor, memoryBytes, type Sample } from '../src/index.js'
import { type ProcessStat, readProcessStat } from '../src/process-stat.js'
import { takeSnapshot } from '../src/snapshot.js'
import { fixture, withProgram } from './program.js'

const test = suite('monitor', { timeLimit: 30_000 })

/** What starting Node costs before the first sample, and one tick for each look: seconds. */
const tolerance = 0.25

/** The CPU seconds that the kernel told burners, one line for each. */
function secondsTold(stdout: string): number {
  const lines = stdout.trim().split('\n')
  return lines.reduce((sum, line) => sum + JSON.parse(line).own, 0)
}

function assertAgrees(seen: number, told: number): void {
  assert.ok(Math.abs(seen - told) <= tolerance + told * 0.05, `saw ${seen} s of ${told} s`)
}

/** Samples until one is as expected. */
async function until(monitor: Monitor, isExpected: (sample: Sample) => boolean): Promise<Sample> {
  for (;;) {
    const sample = await monitor.sampleNow()
    if (isExpected(sample)) return sample
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

for (const [how, share, seconds] of [
  ['alone', 0.2, 2],
  ['alone', 0.8, 2],
  ['threads', 0.2, 2],
  ['children', 0.3, 2],
  ['brief', 1, 0.15],
] as const) {
  test(`agrees with the kernel on a program that burns ${how} ${share * 100} % of a core`, async () => {
    await withProgram([fixture('burner.js'), how, String(share), String(seconds)], async (child, ended) => {
      const monitor = await Monitor.start(child.pid as number, { interval: 100 })
      const { stdout, code } = await ended
      assert.is(code, 0)
      assertAgrees((await monitor.stop()).cpuSeconds, secondsTold(stdout))
    })
  })
}

test('has rates that add up to the CPU time, for the tree and for the process', async () => {
  await withProgram([fixture('burner.js'), 'alone', '0.5', '2'], async (child, ended) => {
    const monitor = await Monitor.start(child.pid as number, { interval: 100 })
    await ended
    const { cpuSeconds } = await monitor.stop()
    const [first, ...rest] = monitor.samples
    assert.is(first?.cpuPercent, 0)
    let [tree, alone, before] = [0, 0, first?.atMilliseconds ?? 0]
    for (const { atMilliseconds, cpuPercent, processes } of rest) {
      tree += (cpuPercent * (atMilliseconds - before)) / 100_000
      alone += ((processes[0]?.cpuPercent ?? 0) * (atMilliseconds - before)) / 100_000
      before = atMilliseconds
    }
    assert.ok(Math.abs(tree - cpuSeconds) < 1e-6)
    assert.ok(Math.abs(alone - cpuSeconds) < 0.1 + 0.1 * cpuSeconds, `${alone} s of ${cpuSeconds} s`)
  })
})

test('looks again when somebody was waited for meanwhile', () => {
  const self = readProcessStat(process.pid) as ProcessStat
  const before = { ...self, childrenTicks: self.childrenTicks - 1 }
  const gone = { ...self, pid: 2 ** 22 + 1 }
  const looks = [[before], [self, gone], [self], [before]]
  assert.equal(
    takeSnapshot(() => looks.shift() ?? []),
    [self]
  )
})

test('counts generations that end within one interval once', async () => {
  await withProgram([fixture('deep.js'), '0.6'], async (child, ended) => {
    const monitor = await Monitor.start(child.pid as number, { interval: 400 })
    const { stdout } = await ended
    assertAgrees((await monitor.stop()).cpuSeconds, secondsTold(stdout))
  })
})

test('counts children that have ended and wait for their parent once', async () => {
  await withProgram([fixture('burner.js'), 'children', '1', '0.5'], async (child, ended) => {
    const monitor = await Monitor.start(child.pid as number, { interval: 100 })
    await until(monitor, sample => sample.processes.length === 3)
    child.kill('SIGSTOP')
    await until(monitor, sample => sample.processes.length === 1)
    const stopped = await monitor.sampleNow()
    child.kill('SIGCONT')
    const told = secondsTold((await ended).stdout)
    assertAgrees(stopped.cpuSeconds, told)
    assertAgrees((await monitor.stop()).cpuSeconds, told)
  })
})

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
    const sample = await until(monitor, now => memoryBytes(now) >= 200 * 1024 * 1024)
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

test('sees the memory of a file that has no name and is mapped nowhere', async () => {
  await withProgram([fixture('nameless-file.js'), '64'], async child => {
    const monitor = await Monitor.start(child.pid as number, { interval: 100 })
    const sample = await until(monitor, ({ unmappedFileBytes }) => unmappedFileBytes >= 64 * 1024 * 1024)
    assert.is(sample.unmappedFileBytes, 64 * 1024 * 1024)
    assert.ok(memoryBytes(sample) >= 64 * 1024 * 1024 + (sample.pssBytes ?? 0))
    await monitor.stop()
  })
})

/** Mapping a file takes a language that can. */
const hasPython = spawnSync('python3', ['-c', 'import os; os.memfd_create']).status === 0

const whatIsMapped = async () => {
  await withProgram(
    [fixture('mapped-memfd.py'), '64'],
    async child => {
      const monitor = await Monitor.start(child.pid as number, { interval: 100 })
      const sample = await until(monitor, now => memoryBytes(now) >= 64 * 1024 * 1024)
      assert.is(sample.unmappedFileBytes, 0)
      assert.ok(memoryBytes(sample) < 100 * 1024 * 1024, `${memoryBytes(sample)} bytes`)
      await monitor.stop()
    },
    'python3'
  )
}

if (hasPython) test('counts a file that is mapped once', whatIsMapped)
else test.skip('counts a file that is mapped once', 'no python3 with memfd_create here', whatIsMapped)

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

test('keeps only the last sample where that is asked for, and tells of all', async () => {
  await withProgram([fixture('burner.js'), 'alone', '0.5', '0.5'], async (child, ended) => {
    const told: Sample[] = []
    const monitor = await Monitor.start(child.pid as number, {
      ...{ interval: 50, keepSamples: false },
      onSample: sample => told.push(sample),
    })
    await ended
    await monitor.stop()
    assert.ok(told.length > 2)
    assert.equal(monitor.samples, told.slice(-1))
    const seconds = told.map(({ cpuSeconds }) => cpuSeconds)
    assert.equal(
      seconds,
      seconds.toSorted((one, other) => one - other)
    )
    assert.ok((seconds.at(-1) as number) > 0)
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

test('keeps no descriptor open that it could close when it has long been somebody else’s', async () => {
  await withProgram(['-e', 'setTimeout(() => {}, 60_000)'], async child => {
    const monitor = await Monitor.start(child.pid as number, { interval: 60_000 })
    try {
      for (let count = 0; count < 3; count++) await monitor.sampleNow()
      const open = readdirSync('/proc/self/fd').flatMap(descriptor => {
        try {
          return [readlinkSync(`/proc/self/fd/${descriptor}`)]
        } catch {
          return []
        }
      })
      assert.equal(
        open.filter(path => path.startsWith('/proc/') && path.endsWith('/stat')),
        []
      )
    } finally {
      await monitor.stop()
    }
  })
})

test.run()
