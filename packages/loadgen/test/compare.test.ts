import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { compareReports, judgeComparison } from '../src/compare/compare-reports.js'
import { comparisonText } from '../src/compare/comparison-text.js'
import { medianInterval } from '../src/compare/noise.js'
import { parseThreshold } from '../src/output/threshold.js'
import type { LoadReport } from '../src/report.js'
import { type Course, madeUpReport, madeUpServer } from './made-up-report.js'

const test = suite('compare')

const steady: Course = { rates: [1000, 1010, 990, 1005, 995, 1000, 1002, 998], latencies: [100, 200, 300, 5000] }
const noisy: Course = { ...steady, rates: [1300, 700, 1200, 900, 1400, 800, 1250, 950] }
const faster: Course = { rates: steady.rates.map(rate => rate * 1.2), latencies: [80, 160, 240, 4000] }

const judgement = (before: LoadReport, after: LoadReport, name: string) =>
  compareReports(before, after).figures.find(({ figure }) => figure.name === name)

test('a change beyond both noises is one, in the direction that the figure has', () => {
  const [before, after] = [madeUpReport(steady), madeUpReport(faster)]
  assert.is(judgement(before, after, 'rps')?.judgement, 'better')
  assert.is(judgement(before, after, 'p99')?.judgement, 'better')
  assert.is(judgement(after, before, 'rps')?.judgement, 'worse')
  assert.is(judgement(after, before, 'p50')?.judgement, 'worse')
  assert.ok(Math.abs((judgement(before, after, 'rps')?.change ?? 0) - 0.2) < 1e-9)
})

test('a change within the noise of either is none', () => {
  const [before, after] = [madeUpReport(steady), madeUpReport(noisy)]
  assert.ok((judgement(before, after, 'rps')?.change ?? 0) > 0.05)
  assert.is(judgement(before, after, 'rps')?.judgement, 'noise')
  assert.is(judgement(after, before, 'rps')?.judgement, 'noise')
})

test("the server's CPU is judged from sample to sample", () => {
  const [before, after] = [50, 60].map(cpu => madeUpReport(steady, { server: madeUpServer(9, cpu) }))
  if (before === undefined || after === undefined) throw new Error('two reports are needed')
  assert.is(judgement(before, after, 'cpu')?.judgement, 'worse')
  assert.is(judgement(after, before, 'cpu')?.judgement, 'better')
  assert.is(judgement(before, after, 'cpu-per-message')?.judgement, 'single value')
})

test('a run is the same as itself', () => {
  const report = madeUpReport(steady, { server: madeUpServer(9) })
  for (const { change, judgement } of compareReports(report, report).figures) {
    assert.is(change, 0)
    assert.is(judgement, 'same')
  }
})

test('what cannot be judged is not', () => {
  const short = { ...faster, rates: faster.rates.slice(0, 5) }
  const [before, after] = [madeUpReport(steady), madeUpReport(short, { failureCounts: { reset: 3 } })]
  assert.is(judgement(before, after, 'rps')?.judgement, 'too few intervals')
  assert.is(judgement(before, after, 'errors')?.judgement, 'single value')
  assert.is(judgement(before, after, 'errors')?.change, Number.POSITIVE_INFINITY)
  assert.is(judgement(before, after, 'memory'), undefined)
})

test('intervals of ramp and warm-up are no noise', () => {
  const report = madeUpReport(steady)
  const intervals = report.intervals.map((interval, index) =>
    index < 4 ? { ...interval, phase: 'warmup' as const, messages: 5 } : interval
  )
  assert.is(judgement({ ...report, intervals }, madeUpReport(faster), 'rps')?.judgement, 'too few intervals')
})

test('latencies of different kinds are not compared', () => {
  const [before, after] = [madeUpReport(steady), madeUpReport(faster)]
  const { fromSend } = after.latency
  assert.ok(fromSend !== undefined)
  const due = { ...after, latency: { fromDue: fromSend } }
  assert.is(judgement(before, due, 'p99'), undefined)
  assert.is(compareReports(before, { ...due, latency: { fromDue: fromSend, fromSend } }).latency, 'fromSend')
  assert.is(judgeComparison(before, due, [parseThreshold('p99<+10%')])[0]?.met, false)
})

test('thresholds judge the later run, and with a percentage its change', () => {
  const [before, after] = [madeUpReport(steady), madeUpReport(faster)]
  const met = (text: string) => judgeComparison(before, after, [parseThreshold(text)])[0]?.met
  assert.is(met('rps>1100'), true)
  assert.is(met('rps>1300'), false)
  assert.is(met('rps>+10%'), true)
  assert.is(met('rps>+25%'), false)
  assert.is(met('p99<-10%'), true)
  assert.is(met('p99<-30%'), false)
  assert.is(met('errors<=0%'), true)
  assert.is(met('memory<+10%'), false)
})

test('what differed is told, the seed is not', () => {
  const [before, after] = [madeUpReport(), madeUpReport()]
  const plan = { ...after.plan, connectRate: 7, seed: 99 }
  const environment = { ...after.environment, node: 'v99.0.0' }
  assert.equal(compareReports(before, { ...after, plan, environment }).differences, [
    'connect-rate 100 → 7',
    'node v20.20.2 → v99.0.0',
  ])
})

test('the text is a table of both runs, in 80 columns', () => {
  const [before, after] = [madeUpReport(steady), madeUpReport(faster, { verdict: 'connection failed' })]
  const results = judgeComparison(before, after, [parseThreshold('rps>+25%')])
  const text = stripVTControlCharacters(
    comparisonText(
      { name: 'a.json', report: before },
      { name: 'b.json', report: after },
      compareReports(before, after),
      results
    )
  )
  assert.match(text, /^A +a\.json +strings +2026-01-02 03:04:05 UTC +ok\nB +b\.json .* connection failed$/m)
  assert.match(text, /^rps +1,000\/s +1,200\/s +\+20\.0 % +±2\.2 % +better$/m)
  assert.match(text, /^p50 +200 µs +160 µs +-20\.0 % +±0\.0 % +better$/m)
  assert.match(text, /^errors +0 +0 +\+0\.0 % +the same$/m)
  assert.match(text, /^threshold +rps>\+25% +not met +\+20\.0 %$/m)
  for (const line of text.split('\n')) assert.ok(line.length <= 80, line)
})

test('the interval of a median is that of the exact sign test, or wider', () => {
  const chanceOutside = (below: number, count: number) => {
    let [ways, total] = [1, 0]
    for (let heads = 0; heads < below + 1; heads++) {
      total += ways
      ways = (ways * (count - heads)) / (heads + 1)
    }
    return (2 * total) / 2 ** count
  }
  for (let count = 6; count <= 200; count++) {
    const values = Array.from({ length: count }, (_, index) => index)
    const interval = medianInterval(values)
    assert.ok(interval !== undefined && chanceOutside(interval.low, count) <= 0.0505, `${count}: ${interval?.low}`)
    assert.is(interval.low + interval.high, count - 1)
  }
  assert.is(medianInterval([1, 2, 3, 4, 5]), undefined)
})

test('the order of intervals does not matter', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 6, maxLength: 50 }), values => {
      assert.equal(medianInterval(values), medianInterval(values.toReversed()))
    })
  )
})

test.run()
