import { PassThrough } from 'node:stream'
import xterm from '@xterm/headless'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { progressOutput } from '../src/output/progress-display.js'
import type { Progress } from '../src/report.js'
import { madeUpReport } from './made-up-report.js'

const { Terminal } = xterm

const test = suite('progress display')

const mib = 1024 * 1024

const report = madeUpReport()
const result = { report, thresholds: [] }

function at(elapsed: number, bytes: number, more: Partial<Progress> = {}): Progress {
  const connections = { planned: 1, established: 1, completed: 0, failed: 0, open: 1, peakOpen: 1 }
  return {
    ...{ elapsed, phase: 'measured', measured: elapsed, failureCounts: {}, connections },
    ...{ sent: bytes, received: bytes, verified: bytes, sinceProgress: 0, ...more },
  }
}

/** A terminal's screen, line by line. */
function createScreen(columns = 80) {
  // A terminal's driver turns a line feed into both; `convertEol` does it here.
  const terminal = new Terminal({ cols: columns, rows: 24, allowProposedApi: true, convertEol: true })
  return {
    /** The lines that have something on them, when this has been written. */
    async after(output: string): Promise<string[]> {
      await new Promise<void>(resolve => terminal.write(output, resolve))
      const { active } = terminal.buffer
      const lines = Array.from(
        { length: active.length },
        (_, row) => active.getLine(row)?.translateToString(true) ?? ''
      )
      return lines.filter(line => line !== '')
    },
  }
}

function display(isTTY: boolean, columns = 80) {
  const stream = Object.assign(new PassThrough(), { isTTY, columns, rows: 24 }) as unknown as NodeJS.WriteStream
  const output = progressOutput(stream)
  return {
    show: (progress: Progress) => output.onProgress?.(progress),
    interval: () => output.onInterval?.(report.intervals[1] as (typeof report.intervals)[number]),
    start: () =>
      output.onStart?.({
        plan: report.plan,
        engine: { engine: 'epoll', reason: undefined },
        description: ['first', 'second'],
      }),
    end: () => output.onEnd?.(result),
    written: () => String((stream as unknown as PassThrough).read() ?? ''),
  }
}

test('writes a plain line every few seconds where there is no terminal', () => {
  const { start, show, end, written } = display(false)
  start()
  for (let elapsed = 500; elapsed <= 11_000; elapsed += 500) {
    show(at(elapsed, (elapsed / 1000) * 100 * mib, { done: elapsed / 20_000 }))
  }
  end()
  assert.is(
    written(),
    'first\n  second\n' +
      '5s: 25% | 15s left | 500 MiB sent, 500 MiB verified | 100 MiB/s\n' +
      '10s: 50% | 10s left | 1000 MiB sent, 1000 MiB verified | 100 MiB/s\n'
  )
})

test('tells messages, latency, connections, failures and lack of progress', () => {
  const { interval, show, written } = display(false)
  const connections = { planned: 100, established: 99, completed: 0, failed: 2, open: 97, peakOpen: 99 }
  interval()
  show(at(4_000, 0, { messages: 2_345 }))
  show(at(6_000, 0, { connections, messages: 12_345, sinceProgress: 4_321, failureCounts: { reset: 2 } }))
  assert.is(
    written(),
    '6s: 12,345 messages | 5,000/s | p50 300 µs | p90 5 ms | p99 5 ms | max 5 ms | 97 open | 2 × reset | no progress for 4s\n'
  )
})

test('says what the run is doing before and after it is measured', () => {
  const { show, written } = display(false)
  show(at(6_000, 0, { phase: 'ramp' }))
  show(at(11_000, 0, { phase: 'drain' }))
  assert.is(written(), '6s: connecting\n11s: waiting for what is outstanding\n')
})

test('the time left is judged by the measured time alone', () => {
  const { show, written } = display(false)
  show(at(15_000, 0, { measured: 5_000, done: 0.25 }))
  assert.is(written(), '15s: 25% | 15s left\n')
})

const connections = { planned: 100, established: 99, completed: 0, failed: 2, open: 97, peakOpen: 99 }

test('draws a view on a terminal that stays in its place, and leaves nothing behind', async () => {
  const { start, interval, show, end, written } = display(true)
  const screen = createScreen()
  start()
  show(at(1_500, 100 * mib, { done: 0.5, messages: 3000, connections }))
  const first = ['first', '  second']
  assert.equal(await screen.after(written()), [
    ...first,
    ' ██████████░░░░░░░░░░ 50%   2s left',
    ' 3,000 messages   2,000/s   100 MiB sent, 100 MiB verified   66.66 MiB/s',
    ' 97 open',
  ])
  interval()
  show(at(2_000, 200 * mib, { done: 0.66, messages: 4000, connections, failureCounts: { reset: 2 } }))
  const second = written()
  assert.equal(await screen.after(second), [
    ...first,
    ' █████████████░░░░░░░ 66%   2s left',
    ' 4,000 messages   2,000/s   200 MiB sent, 200 MiB verified   100 MiB/s',
    ' p50 300 µs   p90 5 ms   p99 5 ms   max 5 ms',
    ' 97 open   2 × reset',
  ])
  // A screen that is cleared before it is drawn flickers; all of it changes at once instead.
  assert.not.ok(second.includes('\u001b[2J'))
  assert.match(JSON.stringify(second), /\\u001b\[\?2026h.*\\u001b\[\?2026l/)
  end()
  assert.equal(await screen.after(`${written()}verdict  ok\r\n`), [...first, 'verdict  ok'])
})

test('a terminal that is too narrow for its lines is left as clean', async () => {
  const { show, end, written } = display(true, 40)
  const screen = createScreen(40)
  for (let elapsed = 500; elapsed <= 3_000; elapsed += 500) {
    show(at(elapsed, elapsed * mib, { done: elapsed / 4_000, messages: elapsed, connections }))
  }
  end()
  assert.equal(await screen.after(`${written()}verdict  ok\r\n`), ['verdict  ok'])
})

test.run()
