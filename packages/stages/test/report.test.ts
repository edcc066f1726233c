import { stripVTControlCharacters } from 'node:util'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { formatMeasure, measureLabel } from '../src/report/measures.js'
import { describeResult, describeRun, verdictOf } from '../src/report/report.js'
import type { TestResult, Verdict } from '../src/verdict.js'

const test = suite('report')

function resultOf(id: string, verdict: Verdict, reason: string = verdict): TestResult {
  return {
    id,
    verdict,
    reason,
    usualCause: verdict === 'fail' ? 'a loop that polls' : undefined,
    asks: { input: 'one idle client', expected: 'CPU usage should be less than 10%' },
    measured: { cpuPercent: 99.84, rateBytesPerSecond: 2 ** 30 },
    limit: { cpuPercent: 10 },
    evidence: {},
    seconds: 20.04,
  }
}

const plain = (lines: readonly string[]) => stripVTControlCharacters(lines.join('\n')).split('\n')

test('names figures in words and writes them in their unit', () => {
  const written = (name: string, value: number) => `${measureLabel(name)} ${formatMeasure(name, value)}`
  assert.is(written('memoryPeakBytes', 3 * 2 ** 20), 'memory peak 3 MiB')
  assert.is(written('rateBytesPerSecond', 2 ** 29), 'rate 512 MiB/s')
  assert.is(written('cpuPercent', 99.84), 'CPU 99.8 %')
  assert.is(written('slowestProbeMilliseconds', 5000), 'slowest probe 5s')
  assert.is(written('vanished', 12_345), 'vanished 12,345')
})

test('shows what was measured beside its limit, and the verdict', () => {
  assert.equal(plain(describeResult(resultOf('cpu', 'pass'))), [
    '  CPU   99.8 %        limit 10.0 %',
    '  rate  1 GiB/s',
    'pass cpu in 20.0 s',
    '',
  ])
})

test('gives the reason of a failure, what usually causes it, and what asked for it', () => {
  const lines = plain(describeResult(resultOf('cpu', 'fail', 'used 99.8 % of one core')))
  assert.equal(lines.slice(2), [
    'fail cpu in 20.0 s: used 99.8 % of one core',
    '  usual cause: a loop that polls',
    '  asked for: CPU usage should be less than 10%',
    '',
  ])
})

test('closes with a line of its own that counts every test', () => {
  const closing = (...verdicts: (Verdict | undefined)[]) => {
    const tests = verdicts.map((verdict, index) => ({
      id: `t${index}`,
      result: verdict && resultOf(`t${index}`, verdict),
    }))
    return [plain(describeRun(tests)).at(-1), verdictOf(tests)]
  }
  assert.equal(closing('pass', 'pass'), ['2 passed, 0 failed', 'pass'])
  assert.equal(closing('pass', 'fail', 'unknown'), ['1 passed, 1 failed, 1 unknown', 'fail'])
  assert.equal(closing('pass', 'unknown'), ['1 passed, 0 failed, 1 unknown', 'unknown'])
  assert.equal(closing('pass', undefined), ['1 passed, 1 failed', 'fail'], 'a missing result is no pass')
  assert.equal(closing(), ['0 passed, 0 failed', 'unknown'], 'no test is no pass')
})

test('says of a missing result that it is missing', () => {
  const lines = plain(describeRun([{ id: 'memory', result: undefined }]))
  assert.ok(lines.some(line => /│ memory +│ missing/.test(line)))
  assert.is(lines.at(-2), 'missing memory: it left no result in this run')
})

test.run()
