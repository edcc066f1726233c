import { PassThrough } from 'node:stream'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { createProgressDisplay } from '../src/progress-display.js'
import type { Progress } from '../src/report.js'

const test = suite('progress display')

const mib = 1024 * 1024

function at(elapsed: number, bytes: number, more: Partial<Progress> = {}): Progress {
  const connections = { planned: 1, established: 1, completed: 0, failed: 0, open: 1, peakOpen: 1 }
  return {
    elapsed,
    phase: 'measured',
    measured: elapsed,
    failureCounts: {},
    connections,
    sent: bytes,
    received: bytes,
    verified: bytes,
    sinceProgress: 0,
    ...more,
  }
}

function display(isTTY: boolean) {
  const stream = Object.assign(new PassThrough(), {
    isTTY,
    columns: 120,
    cursorTo: () => true,
    clearLine: () => true,
  }) as unknown as NodeJS.WriteStream
  const shown = createProgressDisplay(stream)
  return { shown, written: () => String((stream as unknown as PassThrough).read() ?? '') }
}

test('writes a plain line every few seconds where there is no terminal', () => {
  const { shown, written } = display(false)
  for (let elapsed = 500; elapsed <= 11_000; elapsed += 500) {
    shown.show(at(elapsed, (elapsed / 1000) * 100 * mib, { done: elapsed / 20_000 }))
  }
  shown.stop()
  assert.is(
    written(),
    '5s: 25% | 500 MiB sent, 500 MiB verified | 100 MiB/s | 15s left\n' +
      '10s: 50% | 1000 MiB sent, 1000 MiB verified | 100 MiB/s | 10s left\n'
  )
})

test('tells connections, failures, strings and lack of progress', () => {
  const { shown, written } = display(false)
  const connections = { planned: 100, established: 99, completed: 0, failed: 2, open: 97, peakOpen: 99 }
  shown.show(at(6_000, 0, { connections, messages: 12_345, sinceProgress: 4_321 }))
  assert.is(written(), '6s: 12,345 strings | 97 open | 2 failed | no progress for 4s\n')
})

test('draws a bar on a terminal', () => {
  const { shown, written } = display(true)
  shown.show(at(1_500, 100 * mib, { done: 0.5 }))
  shown.stop()
  assert.match(written(), /██████████░░░░░░░░░░ 50% \| 100 MiB sent, 100 MiB verified \| .* 2s left/)
})

test.run()
