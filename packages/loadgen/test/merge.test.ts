import { Failure, UsageError } from 'command-line'
import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { recorderOf } from '../src/measurement/recorded-latency.js'
import type { Share } from '../src/merge/check-shares.js'
import { mergeReports } from '../src/merge/merge-reports.js'
import { reportDocument } from '../src/output/report-document.js'
import type { LoadFailure, LoadReport } from '../src/report.js'
import { type Course, madeUpReport } from './made-up-report.js'

const test = suite('merge')

const course: Course = { rates: [100, 110, 120], latencies: [100, 200, 300] }

interface Made {
  readonly index: number
  readonly count: number
  readonly course?: Course
  readonly more?: Partial<LoadReport>
  /** Milliseconds after the others. */
  readonly later?: number
}

function share({ index, count, course: own = course, more = {}, later = 0 }: Made): Share {
  const report = madeUpReport(own, more)
  const startedAt = new Date(Date.parse(report.environment.startedAt) + later).toISOString()
  return {
    name: `share-${index}.json`,
    report: {
      ...report,
      plan: { ...report.plan, segment: { index, count } },
      environment: { ...report.environment, startedAt },
    },
  }
}

test('counters and histograms are those of one run with everything', () => {
  const rates = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 4 })
  const latencies = fc.array(fc.double({ min: 0, max: 1e7, noNaN: true }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(fc.array(fc.record({ rates, latencies }), { minLength: 1, maxLength: 4 }), courses => {
      const shares = courses.map((own, index) => share({ index: index + 1, count: courses.length, course: own }))
      const merged = mergeReports(shares)
      const messages = courses.flatMap(own => own.rates).reduce((sum, rate) => sum + rate, 0)
      assert.is(merged.measured.messages, messages)
      assert.is(merged.messages?.echoed, messages)
      assert.is(merged.verified, messages * 64)
      assert.is(merged.connections.established, 100 * courses.length)
      assert.is(merged.shares, courses.length)
      assert.is(
        merged.intervals.reduce((sum, interval) => sum + interval.messages, 0),
        messages
      )
      const recorder = recorderOf(merged.latency.fromSend as string)
      const expected = recorderOf((shares[0] as Share).report.latency.fromSend as string)
      for (const { report } of shares.slice(1)) expected.merge(report.latency.fromSend as string)
      assert.equal(recorder.summary(), expected.summary())
      assert.is(recorder.count, messages)
    }),
    { numRuns: 30 }
  )
})

test('the order of the files does not matter', () => {
  const shares = [1, 2, 3].map(index => share({ index, count: 3, later: index * 10 }))
  assert.equal(mergeReports(shares), mergeReports(shares.toReversed()))
})

test('the rate of shares that were measured together is the sum of their rates', () => {
  const merged = mergeReports([share({ index: 1, count: 2 }), share({ index: 2, count: 2, later: 20 })])
  assert.equal([merged.measured.start, merged.measured.elapsed], [1000, 3000])
})

test('shares that began apart are put on one clock, and the rate is that of the whole time', () => {
  const merged = mergeReports([share({ index: 1, count: 2 }), share({ index: 2, count: 2, later: 500 })])
  assert.equal([merged.measured.start, merged.measured.elapsed], [1000, 3500])
  assert.is(merged.elapsed, 4500)
  assert.equal(
    merged.intervals.map(({ start, end, messages }) => [start, end, messages]),
    [
      [0, 1500, 0],
      [1000, 2500, 200],
      [2000, 3500, 220],
      [3000, 4500, 240],
    ]
  )
  assert.is(reportDocument({ report: merged, thresholds: [] }).figures.rps, 660 / 3.5)
})

test('failures, stalls, lag and cost are added, the worst verdict is that of the whole', () => {
  const lag = { scheduled: 100, late: 2, lateness: 1, longest: 5, total: 7, unsent: 1 }
  const failure: LoadFailure = {
    ...{ kind: 'reset', target: { host: '127.0.0.1', port: 8001 }, connection: 3, sent: 5, verified: 0 },
    ...{ at: 1200, message: '127.0.0.1:8001: connection reset' },
  }
  const merged = mergeReports([
    share({ index: 1, count: 2, more: { lag, stalls: { count: 1, longest: 1500, total: 1500 } } }),
    share({
      ...{ index: 2, count: 2 },
      more: {
        ...{ verdict: 'connection failed', failures: [failure], failureCounts: { reset: 4, refused: 1 } },
        ...{
          lag: { ...lag, longest: 9 },
          generator: {
            cpuPercent: 90,
            threads: [88],
            peakRss: 1000,
            bottleneck: '4 of 200 were begun more than 1 ms late, by up to 9 ms: loadgen did not keep its schedule',
          },
        },
      },
    }),
  ])
  assert.is(merged.verdict, 'connection failed')
  assert.equal(merged.failureCounts, { reset: 4, refused: 1 })
  assert.equal(merged.failures, [failure])
  assert.equal(merged.lag, { scheduled: 200, late: 4, lateness: 1, longest: 9, total: 14, unsent: 2 })
  assert.equal(merged.stalls, { count: 1, longest: 1500, total: 1500 })
  assert.equal(merged.generator, {
    cpuPercent: 130,
    threads: [38, 88],
    peakRss: 70_001_000,
    bottleneck: '4 of 200 were begun more than 1 ms late, by up to 9 ms: loadgen did not keep its schedule',
  })
  assert.is(merged.targets.length, 1)
  assert.equal(merged.plan.segment, { index: 1, count: 1 })
})

const invalid: readonly (readonly [name: string, shares: readonly Share[], message: RegExp])[] = [
  ['a missing share', [1, 2, 4].map(index => share({ index, count: 4 })), /^no result: share 3 of 4 is missing$/],
  [
    'a doubled share',
    [1, 2, 2].map(index => share({ index, count: 2 })),
    /^no result: share 2 of 2 is there more than once: share-2\.json, share-2\.json$/,
  ],
  [
    'an unfinished share',
    [share({ index: 1, count: 2 }), share({ index: 2, count: 2, more: { verdict: 'stopped' } })],
    /^no result: share-2\.json was stopped before its end$/,
  ],
  [
    'shares that ran one after the other',
    [share({ index: 1, count: 2, later: 3000 }), share({ index: 2, count: 2 })],
    /^no result: share-1\.json was measured only after share-2\.json; shares have to run together/,
  ],
]
for (const [name, shares, message] of invalid) {
  test(`${name}: no result, exit code 5`, () => {
    assert.throws(
      () => mergeReports(shares),
      (error: unknown) => error instanceof Failure && error.exitCode === 5 && message.test(error.message)
    )
  })
}

test('reports of different plans are refused', () => {
  const [one, other] = [share({ index: 1, count: 2 }), share({ index: 2, count: 2 })]
  const plan = { ...other.report.plan, connectRate: 7 }
  const refused = (message: RegExp) => (error: unknown) => error instanceof UsageError && message.test(error.message)
  assert.throws(
    () => mergeReports([one, { ...other, report: { ...other.report, plan } }]),
    refused(/share-2\.json is not of the same plan as share-1\.json: connect-rate is 7, not 100/)
  )
  assert.throws(() => mergeReports([one, share({ index: 2, count: 3 })]), refused(/divided into 3, not into 2/))
})

test('what suits the machine may differ', () => {
  const [one, other] = [share({ index: 1, count: 2 }), share({ index: 2, count: 2 })]
  const plan = { ...other.report.plan, threads: 4, engine: 'node' as const, sourceAddresses: ['127.0.0.2'] }
  assert.is(mergeReports([one, { ...other, report: { ...other.report, plan } }]).shares, 2)
})

test.run()
