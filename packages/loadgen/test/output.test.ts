import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { recorderOf } from '../src/measurement/recorded-latency.js'
import { createOutputs, exitCodeOf } from '../src/output/outputs.js'
import { readReport, reportSchema } from '../src/output/report-document.js'
import { reportText } from '../src/output/report-text.js'
import { parseThreshold } from '../src/output/threshold.js'
import type { LoadReport } from '../src/report.js'
import { madeUpReport, madeUpServer } from './made-up-report.js'

const test = suite('output')

const kinds = ['json', 'ndjson', 'csv', 'hgrm', 'html'] as const

type Written = Record<(typeof kinds)[number], string>

function inFolder<Result>(use: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'loadgen-output-'))
  try {
    return use(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What every kind of file has after a run with that report. */
function written(report: LoadReport, thresholds: readonly string[] = []): Written {
  return inFolder(folder => {
    const files = Object.fromEntries(kinds.map(kind => [kind, join(folder, kind)]))
    // Text goes to stdout unless a file's name is `-`: this one is about files.
    const outputs = createOutputs({ ...files, thresholds: thresholds.map(parseThreshold), quiet: true }, { write() {} })
    outputs.onStart({ plan: report.plan, engine: { engine: 'epoll', reason: undefined }, description: [] })
    for (const interval of report.intervals) outputs.onInterval(interval)
    outputs.onEnd(report)
    return Object.fromEntries(kinds.map(kind => [kind, readFileSync(join(folder, kind), 'utf8')])) as Written
  })
}

const full = madeUpReport(undefined, {
  server: madeUpServer(9),
  lag: { scheduled: 8000, late: 12, lateness: 1, longest: 7.5, total: 30, unsent: 3 },
  crowd: { atOnce: 10, at: 900, received: 0, answeredAfter: 12 },
  failureCounts: { reset: 2 },
})

test('--json: the document is what its schema says', () => {
  const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(reportSchema())
  for (const report of [madeUpReport(), full, madeUpReport({ rates: [], latencies: [] }, { latency: {} })]) {
    assert.ok(validate(JSON.parse(written(report, ['rps>5', 'late==0']).json)), JSON.stringify(validate.errors))
  }
})

test('--json: figures, thresholds and histograms', () => {
  const document = JSON.parse(written(full, ['p99<1ms', 'rps>500']).json)
  assert.is(document.figures.rps, 1000)
  assert.is(document.figures.errors, 2)
  assert.is(document.figures['cpu-per-message'], 0.5)
  assert.equal(
    document.thresholds.map(({ met }: { met: boolean }) => met),
    [false, true]
  )
  assert.equal(recorderOf(document.latency.fromSend).summary(), document.latencySummary.fromSend)
  assert.is(document.latencySummary.fromSend.count, 8000)
})

test('a report that was written can be read', () => {
  inFolder(folder => {
    const file = join(folder, 'report.json')
    writeFileSync(file, written(full).json)
    const { figures, latencySummary, thresholds, format, version, ...report } = readReport(file) as LoadReport &
      Record<string, unknown>
    assert.equal(report, JSON.parse(JSON.stringify(full)))
  })
})

const damages: readonly (readonly [name: string, damage: (text: string) => string, message: RegExp])[] = [
  ['no JSON', text => text.slice(0, -9), /is not JSON; expected a report of loadgen --json$/],
  ['another document', () => '{"name":"loadgen"}', /is not a report of loadgen --json: must have required property/],
  ['a field of another type', text => text.replace('"rps": 1000', '"rps": "fast"'), /at figures\.rps: must be number/],
  ['another version', text => text.replace('"version": 1', '"version": 2'), /at version: must be equal to constant/],
  ['a damaged histogram', text => text.replace(/"fromSend": "HIST/, '"fromSend": "TSIH'), /has a damaged histogram/],
]
for (const [name, damage, message] of damages) {
  test(`reading ${name} says what is wrong`, () => {
    inFolder(folder => {
      const file = join(folder, 'report.json')
      writeFileSync(file, damage(written(full).json))
      assert.throws(() => readReport(file), message)
    })
  })
}

test('--ndjson: start, intervals and end, a line each', () => {
  const events = written(full)
    .ndjson.trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.equal(
    events.map(({ event }) => event),
    ['start', ...full.intervals.map(() => 'interval'), 'end']
  )
  assert.equal(events[0].plan, JSON.parse(JSON.stringify(full.plan)))
  assert.equal({ ...events[2], event: undefined }, { ...full.intervals[1], event: undefined })
  assert.is(events.at(-1).verdict, 'ok')
  assert.is(events.at(-1).intervals, undefined)
})

test('--csv: a row for each interval, empty where nothing was measured', () => {
  const [header = '', ...rows] = written(full).csv.trimEnd().split('\n')
  const names = header.split(',')
  assert.is(rows.length, full.intervals.length)
  const cell = (row: number, name: string) => rows[row]?.split(',')[names.indexOf(name)]
  assert.is(cell(0, 'phase'), 'ramp')
  assert.is(cell(0, 'sendP99Milliseconds'), '')
  assert.is(cell(1, 'messagesPerSecond'), '1000')
  assert.is(cell(1, 'sendP50Milliseconds'), full.intervals[1]?.fromSend?.p50.toFixed(1))
  assert.is(cell(1, 'dueCount'), '')
  for (const row of rows) assert.is(row.split(',').length, names.length)
})

test('--hgrm: the distribution in milliseconds', () => {
  const { hgrm } = written(full)
  assert.match(hgrm, /^ +Value +Percentile +TotalCount +1\/\(1-Percentile\)$/m)
  assert.match(hgrm, /^ +0\.300 0\.50+ +4802 /m)
  assert.match(hgrm, /^#\[Max +=/m)
  assert.match(written(madeUpReport(undefined, { latency: {} })).hgrm, /^#\[No latencies/)
})

test('one destination takes one output', () => {
  assert.throws(
    () => createOutputs({ json: '-', csv: '-', thresholds: [], quiet: true }),
    /--csv: --json writes to stdout/
  )
  inFolder(folder => {
    const file = join(folder, 'same')
    const both = { json: file, html: file, thresholds: [], quiet: true }
    assert.throws(() => createOutputs(both), /--html: --json writes to .*same already; expected another file/)
  })
})

test('a file that cannot take everything is told of, and the others are written', () => {
  inFolder(folder => {
    const file = join(folder, 'report.json')
    const outputs = createOutputs({ csv: '/dev/full', json: file, thresholds: [], quiet: true }, { write() {} })
    const end = outputs.onEnd(full)
    assert.equal(end.problems, ['--csv: /dev/full is not complete (ENOSPC)'])
    assert.is(exitCodeOf(full, end, false), 1)
    assert.is(JSON.parse(readFileSync(file, 'utf8')).verdict, 'ok')
  })
})

test('the exit code: wrong bytes, Ctrl-C, connections, thresholds, in this order', () => {
  const missed = { thresholds: [{ threshold: '', figure: 'rps', of: 'value', met: false }], problems: [] } as const
  const met = { thresholds: [], problems: [] }
  const verdict = (verdict: LoadReport['verdict']) => ({ ...full, verdict })
  assert.is(exitCodeOf(verdict('wrong bytes'), missed, true), 3)
  assert.is(exitCodeOf(verdict('connection failed'), missed, true), 130)
  assert.is(exitCodeOf(verdict('connection failed'), missed, false), 4)
  assert.is(exitCodeOf(verdict('stopped'), missed, true), 130)
  assert.is(exitCodeOf(verdict('ok'), missed, false), 99)
  assert.is(exitCodeOf(verdict('ok'), met, false), 0)
})

test('the text has what there is, in 80 columns', () => {
  const text = stripVTControlCharacters(
    reportText({
      report: full,
      thresholds: [{ threshold: 'p99<1ms', figure: 'p99', of: 'value', actual: 5.003, met: false }],
    })
  )
  assert.match(text, /^verdict +ok$/m)
  assert.match(text, /^time +9s, of which 8s were measured$/m)
  assert.match(text, /^strings +8,000 of 8,000 echoed, 1,000\/s$/m)
  assert.match(text, /^latency +mean +sd +p50 +p90 +p99 +p99\.9 +p99\.99 +max$/m)
  assert.match(text, /^send +1\.2 ms +1\.9 ms +300 µs +5 ms +5 ms +5 ms +– +5 ms$/m)
  assert.match(
    text,
    /^server +50 % of a core, 500 µs each message \(server, pid 4321\)\n +at most 38\.24 MiB, 1 KiB each connection$/m
  )
  assert.match(text, /^loadgen +40 % of a core, at most/m)
  assert.match(
    text,
    /^schedule +12 of 8,000 \(0\.15 %\) sent more than 1 ms late by loadgen\n +by up to 7\.5 ms, 30 ms in all\n +3 were due/m
  )
  assert.match(text, /^threshold +p99<1ms +not met +5\.003 ms$/m)
  for (const line of text.split('\n')) assert.ok(line.length <= 80, line)
})

test.run()
