import { UsageError } from 'command-line'
import fc from 'fast-check'
import { suite } from 'suite'
import * as assert from 'uvu/assert'
import { figureNamed } from '../src/measurement/figures.js'
import { judge, parseThreshold, parseValueThreshold } from '../src/output/threshold.js'
import { madeUpReport, madeUpServer } from './made-up-report.js'

const test = suite('thresholds')

const report = madeUpReport(undefined, { server: madeUpServer(9), failureCounts: { reset: 2 } })

const cases: readonly (readonly [text: string, met: boolean])[] = [
  ['rps>900', true],
  ['rps > 1.2k', false],
  ['rps<=1000', true],
  ['rps>0.5k/s', true],
  ['p50<=301us', true],
  ['p50<300us', false],
  ['p99<5.1ms', true],
  ['p99.9 < 0.1s', true],
  ['send.max<5ms', false],
  ['mean<1.3ms', true],
  ['min<101µs', true],
  ['errors==0', false],
  ['errors<3', true],
  ['errors!=2', false],
  ['throughput>60k', true],
  ['throughput>=64.1kB/s', false],
  ['cpu<51', true],
  ['cpu<49.5', false],
  ['cpu-per-message<0.6ms', true],
  ['memory<39m', true],
  ['due.p99<1s', false],
  ['connect.p99>0ms', false],
  ['late==0', false],
]
for (const [text, met] of cases) {
  test(`${text} is ${met ? 'met' : 'not met'}`, () => {
    const [result] = judge(report, [parseThreshold(text)])
    assert.is(result?.met, met, JSON.stringify(result))
  })
}

test('what was not measured is never met, and says so', () => {
  for (const comparison of ['<', '<=', '>', '>=', '==', '!=']) {
    const [result] = judge(report, [parseThreshold(`late${comparison}5`)])
    assert.equal(result, { threshold: `late${comparison}5`, figure: 'late', of: 'value', met: false })
  }
})

test('a percentage limits a change, which a single run does not have', () => {
  const threshold = parseThreshold('p99<+10%')
  assert.is(threshold.of, 'change')
  assert.is(threshold.limit, 0.1)
  assert.is(parseThreshold('rps>-5.5 %').limit, -0.055)
  assert.throws(
    () => parseValueThreshold('p99<+10%'),
    /'p99<\+10%' limits a change; expected a value such as p99<5ms, or loadgen compare/
  )
  assert.is(parseValueThreshold('p99<5ms').limit, 5)
})

const mistakes: readonly (readonly [text: string, message: RegExp])[] = [
  ['', /not a threshold; expected one such as p99<5ms/],
  ['p99', /not a threshold/],
  ['p99=5ms', /not a threshold/],
  ['p99<5', /'5' is not a latency; expected a number with a unit/],
  ['p101<5ms', /'p101' is not a figure/],
  ['speed>5', /'speed' is not a figure; expected rps, throughput/],
  ['rps>fast', /'fast' is not a count/],
  ['throughput>1x', /'1x' is not a size/],
  ['cpu<half', /'half' is not a number/],
]
for (const [text, message] of mistakes) {
  test(`'${text}' is refused`, () => {
    assert.throws(
      () => parseThreshold(text),
      (error: unknown) => error instanceof UsageError && message.test(error.message)
    )
  })
}

test('any text is a threshold or a UsageError', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^p9\d?[<>=]{1,2}[\d.]{1,4}[a-zµ%]{0,2}$/)), text => {
      try {
        assert.is(parseThreshold(text).text, text)
      } catch (error) {
        assert.instance(error, UsageError)
      }
    })
  )
})

test('percentiles rise', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0, max: 100, noNaN: true }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      (one, other) => {
        const at = (percentile: number) => figureNamed(`p${percentile.toFixed(3)}`)?.of(report) as number
        assert.ok(one <= other === at(one) <= at(other) || at(one) === at(other))
      }
    ),
    { numRuns: 20 }
  )
})

test.run()
